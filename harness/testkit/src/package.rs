//! Packages in memory.

use std::collections::BTreeSet;

use tar::{EntryType, Header};

use crate::packing::Packing;

/// Makes the bytes of a `.deb`. Folders above a path are made as needed, as real packages do.
#[derive(Debug, Clone)]
pub struct DebBuilder {
    name: String,
    version: String,
    architecture: String,
    fields: Vec<(String, String)>,
    control: Vec<(String, Vec<u8>)>,
    entries: Vec<Planned>,
    packing: Packing,
}

/// A package that was made.
#[derive(Debug, Clone)]
pub struct BuiltDeb {
    /// `Package`.
    pub name: String,
    /// `Version`.
    pub version: String,
    /// `Architecture`.
    pub architecture: String,
    /// The control paragraph, ended by a line break.
    pub control: String,
    /// The file itself.
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone)]
struct Planned {
    name: String,
    kind: EntryType,
    mode: u32,
    owner: (u64, u64),
    target: String,
    content: Vec<u8>,
    xattrs: Vec<(String, Vec<u8>)>,
}

impl DebBuilder {
    /// An empty package for amd64.
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            architecture: "amd64".to_owned(),
            fields: Vec::new(),
            control: Vec::new(),
            entries: Vec::new(),
            packing: Packing::Zst,
        }
    }

    /// Sets the architecture.
    pub fn architecture(mut self, name: &str) -> Self {
        self.architecture = name.to_owned();
        self
    }

    /// Adds a control field, such as `Depends`.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a control file, such as `postinst`.
    pub fn control_file(mut self, name: &str, content: &[u8]) -> Self {
        self.control.push((name.to_owned(), content.to_vec()));
        self
    }

    /// Sets how both tars are packed.
    pub fn packing(mut self, packing: Packing) -> Self {
        self.packing = packing;
        self
    }

    /// A folder at an absolute path.
    pub fn dir(self, path: &str, mode: u32) -> Self {
        let name = format!("{}/", dotted(path));
        self.entry(name, EntryType::Directory, mode, "", b"")
    }

    /// A file at an absolute path.
    pub fn file(self, path: &str, mode: u32, content: &[u8]) -> Self {
        self.entry(dotted(path), EntryType::Regular, mode, "", content)
    }

    /// A symbolic link at an absolute path; `target` is written as it is.
    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.entry(dotted(path), EntryType::Symlink, 0o777, target, b"")
    }

    /// A hard link at an absolute path to another absolute path.
    pub fn hardlink(self, path: &str, target: &str) -> Self {
        self.entry(dotted(path), EntryType::Link, 0o644, &dotted(target), b"")
    }

    /// A device or pipe at an absolute path; devices have the numbers 1 and 3.
    pub fn node(self, path: &str, kind: EntryType, mode: u32) -> Self {
        self.entry(dotted(path), kind, mode, "", b"")
    }

    /// A file whose tar name is written as it is, also when it is no proper name.
    pub fn raw_file(self, name: &str, content: &[u8]) -> Self {
        self.entry(name.to_owned(), EntryType::Regular, 0o644, "", content)
    }

    /// Sets user and group of the entry added last.
    pub fn owned_by(mut self, uid: u64, gid: u64) -> Self {
        self.last().owner = (uid, gid);
        self
    }

    /// Gives the entry added last an extended attribute.
    pub fn xattr(mut self, name: &str, value: &[u8]) -> Self {
        self.last().xattrs.push((name.to_owned(), value.to_vec()));
        self
    }

    /// Makes the package.
    pub fn build(&self) -> BuiltDeb {
        let mut control = format!(
            "Package: {}\nVersion: {}\nArchitecture: {}\nMaintainer: Test <test@example.org>\n",
            self.name, self.version, self.architecture
        );
        for (name, value) in &self.fields {
            control.push_str(&format!("{name}: {value}\n"));
        }
        if !self.fields.iter().any(|(name, _)| name == "Description") {
            control.push_str(&format!("Description: {}\n made for a test\n", self.name));
        }
        let suffix = self.packing.suffix();
        let members = [
            ("debian-binary".to_owned(), b"2.0\n".to_vec()),
            (
                format!("control.tar{suffix}"),
                self.packing.pack(&self.control_tar(&control)),
            ),
            (
                format!("data.tar{suffix}"),
                self.packing.pack(&self.data_tar()),
            ),
        ];
        BuiltDeb {
            name: self.name.clone(),
            version: self.version.clone(),
            architecture: self.architecture.clone(),
            control,
            bytes: ar(&members),
        }
    }

    fn control_tar(&self, control: &str) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        let own = ("control".to_owned(), control.as_bytes().to_vec());
        for (name, content) in [own].iter().chain(&self.control) {
            let mut header = header(EntryType::Regular, 0o644, content.len());
            append(&mut tar, &mut header, &format!("./{name}"), "", content);
        }
        tar.into_inner().unwrap()
    }

    fn data_tar(&self) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        let mut made = BTreeSet::new();
        folder(&mut tar, "./", &mut made);
        for entry in &self.entries {
            let proper = !entry.name.contains("//") && !entry.name.contains("..");
            if let Some(path) = entry.name.strip_prefix("./").filter(|_| proper) {
                for (at, _) in path.trim_end_matches('/').match_indices('/') {
                    folder(&mut tar, &format!("./{}/", &path[..at]), &mut made);
                }
            }
            if entry.kind == EntryType::Directory && !made.insert(entry.name.clone()) {
                continue;
            }
            write(&mut tar, entry);
        }
        tar.into_inner().unwrap()
    }

    fn entry(
        mut self,
        name: String,
        kind: EntryType,
        mode: u32,
        target: &str,
        content: &[u8],
    ) -> Self {
        self.entries.push(Planned {
            name,
            kind,
            mode,
            owner: (0, 0),
            target: target.to_owned(),
            content: content.to_vec(),
            xattrs: Vec::new(),
        });
        self
    }

    fn last(&mut self) -> &mut Planned {
        self.entries.last_mut().expect("an entry was added before")
    }
}

/// An `ar` file of the given members.
pub fn ar(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = b"!<arch>\n".to_vec();
    for (name, bytes) in members {
        let size = bytes.len();
        let header = format!(
            "{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n",
            0, 0, 0, 100_644
        );
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(bytes);
        if size % 2 == 1 {
            out.push(b'\n');
        }
    }
    out
}

fn dotted(path: &str) -> String {
    format!("./{}", path.trim_matches('/'))
}

fn folder(tar: &mut tar::Builder<Vec<u8>>, name: &str, made: &mut BTreeSet<String>) {
    if made.insert(name.to_owned()) {
        let mut header = header(EntryType::Directory, 0o755, 0);
        append(tar, &mut header, name, "", b"");
    }
}

fn write(tar: &mut tar::Builder<Vec<u8>>, entry: &Planned) {
    if !entry.xattrs.is_empty() {
        let keys: Vec<String> = entry
            .xattrs
            .iter()
            .map(|(name, _)| format!("SCHILY.xattr.{name}"))
            .collect();
        let records = keys.iter().zip(&entry.xattrs);
        let records = records.map(|(key, (_, value))| (key.as_str(), &value[..]));
        tar.append_pax_extensions(records).unwrap();
    }
    let mut header = header(entry.kind, entry.mode, entry.content.len());
    header.set_uid(entry.owner.0);
    header.set_gid(entry.owner.1);
    if matches!(entry.kind, EntryType::Char | EntryType::Block) {
        header.set_device_major(1).unwrap();
        header.set_device_minor(3).unwrap();
    }
    append(tar, &mut header, &entry.name, &entry.target, &entry.content);
}

/// Appends an entry under exactly these names: the tar crate would take `./` away and refuse
/// what tests need to be refused later. Long names go before it, as GNU tar writes them.
fn append(
    tar: &mut tar::Builder<Vec<u8>>,
    header: &mut Header,
    name: &str,
    target: &str,
    content: &[u8],
) {
    for (kind, text) in [
        (EntryType::GNULongName, name),
        (EntryType::GNULongLink, target),
    ] {
        if text.len() > 100 {
            let mut long = self::header(kind, 0o644, text.len() + 1);
            place(&mut long, "././@LongLink", "");
            let text = [text.as_bytes(), b"\0"].concat();
            tar.append(&long, &text[..]).unwrap();
        }
    }
    place(header, name, target);
    tar.append(header, content).unwrap();
}

fn place(header: &mut Header, name: &str, target: &str) {
    let put = |field: &mut [u8; 100], text: &str| {
        let bytes = &text.as_bytes()[..text.len().min(100)];
        field[..bytes.len()].copy_from_slice(bytes);
    };
    let gnu = header.as_gnu_mut().unwrap();
    put(&mut gnu.name, name);
    put(&mut gnu.linkname, target);
    header.set_cksum();
}

fn header(kind: EntryType, mode: u32, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size as u64);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(1_700_000_000);
    header.set_username("root").unwrap();
    header.set_groupname("root").unwrap();
    header
}
