//! Where the prober stands: its own new namespaces, or those of a container.

use std::io;

use probe::{Command, Failure, Up};

use crate::sys::namespace::{self, Kind};
use crate::sys::{clock, identity, net, parent};
use crate::target::{Doors, Pinned, Sight};
use crate::verbs::usage;

struct Place {
    new_net: bool,
    new_user: Option<(u32, u32)>,
    inside: Option<u32>,
    first: Option<Command>,
}

/// Makes or enters the namespaces, brings `lo` up and ties the program to its parent. With it comes
/// the command to begin with, if one was given.
pub(crate) fn setup(words: &[&str]) -> Result<(Up, Option<Command>), Failure> {
    let place = read(words)?;
    if let Some((uid, gid)) = place.new_user {
        new_user_namespace(uid, gid)
            .map_err(|error| Failure::system("make a user namespace", &error))?;
    }
    if place.new_net {
        namespace::leave(Kind::Net)
            .map_err(|error| Failure::system("make a network namespace", &error))?;
        net::loopback_up().map_err(|error| Failure::system("bring `lo` up", &error))?;
    }
    if let Some(pid) = place.inside {
        let target = Pinned::target(pid)?;
        Doors::open(&target, Sight::Network)?.enter()?;
    }
    // Last: a change of namespace makes the kernel forget it.
    parent::die_with_parent().map_err(|error| Failure::system("watch the parent", &error))?;
    parent::end_when_asked().map_err(|error| Failure::system("take a request to end", &error))?;
    let own = Pinned::own().map_err(|error| Failure::system("look at ourselves", &error))?;
    let inode = |name| {
        own.namespace(name)
            .map_err(|error| Failure::system("look at our namespaces", &error))
    };
    let up = Up {
        pid: std::process::id(),
        net_namespace: inode("net")?,
        user_namespace: inode("user")?,
        monotonic_ns: clock::monotonic_ns(),
    };
    Ok((up, place.first))
}

fn read(words: &[&str]) -> Result<Place, Failure> {
    let mut place = Place {
        new_net: false,
        new_user: None,
        inside: None,
        first: None,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--new-netns" => place.new_net = true,
            "--new-userns" => {
                let pair = words.next().and_then(|text| text.split_once(':'));
                let pair = pair.and_then(|(uid, gid)| Some((uid.parse().ok()?, gid.parse().ok()?)));
                let wanted = || usage("`--new-userns` wants UID:GID");
                place.new_user = Some(pair.ok_or_else(wanted)?);
            }
            "--enter" => {
                let pid = words.next().and_then(|text| text.parse().ok());
                place.inside = Some(pid.ok_or_else(|| usage("`--enter` wants a pid"))?);
            }
            "--first" => {
                let line = words
                    .next()
                    .ok_or_else(|| usage("`--first` wants a command"))?;
                let command = super::command(line).map_err(|failure| usage(failure.what))?;
                place.first = Some(command);
            }
            other => return Err(usage(format!("unknown option `{other}`"))),
        }
    }
    if place.inside.is_some() && (place.new_net || place.new_user.is_some()) {
        return Err(usage("`--enter` excludes new namespaces"));
    }
    Ok(place)
}

/// A user namespace in which the caller's own ids, and no others, have these numbers.
fn new_user_namespace(uid: u32, gid: u32) -> io::Result<()> {
    let outer_uid = identity::user_ids()[1];
    let outer_gid = identity::group_ids()[1];
    namespace::leave(Kind::User)?;
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("{uid} {outer_uid} 1"))?;
    std::fs::write("/proc/self/gid_map", format!("{gid} {outer_gid} 1"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::read;

    #[test]
    fn options_are_strict() {
        let place = read(&["--new-userns", "65532:1", "--new-netns"]).expect("well formed");
        assert!(place.new_net);
        assert_eq!(place.new_user, Some((65532, 1)));
        let place = read(&["--first", "ping"]).expect("well formed");
        assert_eq!(place.first, Some(probe::Command::Ping));
        for bad in [
            &["--new-userns"][..],
            &["--new-userns", "1"],
            &["--new-userns", "a:b"],
            &["--enter"],
            &["--enter", "1", "--new-netns"],
            &["--first"],
            &["--first", "stop"],
            &["x"],
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
