//! Folders of caches that stay below a bound: the oldest things in them go first.

use camino::{Utf8Path, Utf8PathBuf};
use walkdir::WalkDir;

/// Removes the oldest files and folders in `root` until all together have at most `most_bytes`; `fresh`
/// stays. What a killed program left half-filled ages like the others.
pub(super) fn evict(root: &Utf8Path, most_bytes: u64, fresh: &Utf8Path) -> std::io::Result<()> {
    let mut all = Vec::new();
    for inside in fs_err::read_dir(root)? {
        let inside = inside?;
        let path = Utf8PathBuf::try_from(inside.path()).map_err(std::io::Error::other)?;
        // Another program may evict at the same time: what is gone counts nothing.
        let Ok(known) = inside.metadata() else {
            continue;
        };
        let bytes = match known.is_dir() {
            false => known.len(),
            true => below(&path)?
                .iter()
                .filter_map(|file| fs_err::metadata(path.join(file)).ok())
                .map(|metadata| metadata.len())
                .sum(),
        };
        all.push((known.modified()?, path, bytes, known.is_dir()));
    }
    all.sort();
    let mut total: u64 = all.iter().map(|(_, _, bytes, _)| bytes).sum();
    for (_, path, bytes, is_folder) in all {
        if total <= most_bytes {
            break;
        }
        if path != fresh {
            match is_folder {
                true => fs_err::remove_dir_all(&path)?,
                false => fs_err::remove_file(&path)?,
            }
            total = total.saturating_sub(bytes);
        }
    }
    Ok(())
}

/// The files below a folder, as paths from it.
pub(super) fn below(folder: &Utf8Path) -> std::io::Result<Vec<Utf8PathBuf>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder) {
        let entry = entry?;
        if !entry.file_type().is_file() {
            continue;
        }
        let path = Utf8Path::from_path(entry.path()).unwrap_or(folder);
        if let Ok(path) = path.strip_prefix(folder) {
            files.push(path.to_owned());
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_until_the_bound_holds_and_the_fresh_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::try_from(folder.path().to_owned()).unwrap();
        let age = |path: &Utf8Path, seconds: u64| {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            let file = fs_err::File::open(path).unwrap();
            file.into_parts().0.set_modified(time).unwrap();
        };
        fs_err::create_dir(root.join("folder")).unwrap();
        fs_err::write(root.join("folder/inside"), [0; 100]).unwrap();
        for (name, seconds) in [("first", 1), ("third", 3), ("last", 4)] {
            fs_err::write(root.join(name), [0; 100]).unwrap();
            age(&root.join(name), seconds);
        }
        age(&root.join("folder"), 2);
        let left = || {
            let inside = root.read_dir_utf8().unwrap();
            let mut names: Vec<String> = inside
                .map(|one| one.unwrap().file_name().to_owned())
                .collect();
            names.sort();
            names
        };
        evict(&root, 400, &root.join("first")).unwrap();
        assert_eq!(left(), ["first", "folder", "last", "third"]);
        evict(&root, 250, &root.join("first")).unwrap();
        assert_eq!(left(), ["first", "last"]);
        evict(&root, 0, &root.join("last")).unwrap();
        assert_eq!(left(), ["last"]);
    }
}
