//! Ids as the container itself sees them: `/proc` shows a reader the ids of the reader's own user
//! namespace, and a container of a normal user has another.

use probe::{Facts, Ids, Status};

use crate::target::Pinned;

/// The lines of `uid_map` or `gid_map`: first id inside, first id outside, how many.
struct Map(Vec<(u64, u64, u64)>);

impl Map {
    fn parse(text: &str) -> Self {
        let line = |line: &str| {
            let mut numbers = line.split_whitespace().map(str::parse::<u64>);
            Some((
                numbers.next()?.ok()?,
                numbers.next()?.ok()?,
                numbers.next()?.ok()?,
            ))
        };
        Self(text.lines().filter_map(line).collect())
    }

    /// The id inside; an id that is not mapped stays what it is.
    fn inside(&self, id: u32) -> u32 {
        let id = u64::from(id);
        let within = self
            .0
            .iter()
            .find(|(_, outside, count)| (*outside..outside + count).contains(&id));
        let mapped = within.map_or(id, |(inside, outside, _)| inside + (id - outside));
        u32::try_from(mapped).unwrap_or(u32::MAX)
    }

    fn all(&self, ids: &mut Ids) {
        for id in [
            &mut ids.real,
            &mut ids.effective,
            &mut ids.saved,
            &mut ids.file_system,
        ] {
            *id = self.inside(*id);
        }
    }
}

/// The maps of a target.
pub(super) struct Maps {
    users: Map,
    groups: Map,
}

impl Maps {
    /// Reads them.
    pub(super) fn of(target: &Pinned) -> Self {
        let map = |name: &str| Map::parse(&target.text(name).unwrap_or_default());
        Self {
            users: map("uid_map"),
            groups: map("gid_map"),
        }
    }

    /// Translates the ids of the target and of every task.
    pub(super) fn all(&self, facts: &mut Facts) {
        let tasks = facts.tasks.iter_mut().map(|task| &mut task.status);
        for status in tasks.chain(std::iter::once(&mut facts.status)) {
            self.one(status);
        }
    }

    /// Translates the ids of one.
    pub(super) fn one(&self, status: &mut Status) {
        self.users.all(&mut status.uids);
        self.groups.all(&mut status.gids);
        for group in &mut status.groups {
            *group = self.groups.inside(*group);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Map;

    #[test]
    fn ids_are_translated_where_they_are_mapped() {
        let single = Map::parse("     65532       1000          1\n");
        assert_eq!((single.inside(1000), single.inside(7)), (65532, 7));
        let whole = Map::parse("         0          0 4294967295\n");
        assert_eq!((whole.inside(0), whole.inside(65532)), (0, 65532));
    }
}
