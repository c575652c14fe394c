//! What the maintainer scripts of known packages would have made, declared as data.
//!
//! Each row was read off the `postinst` of the package in Debian 13. Nothing replaces what is
//! already there. Every path made is returned as a note.

use std::collections::BTreeSet;

use model::Arch;
use rootfs::{Blob, Entry, Origin, Tree};

use super::accounts::{self, SystemUser};
use super::{linker_cache, put};
use crate::error::Result;

/// One thing a script makes.
#[derive(Debug, Clone, Copy)]
enum Make {
    /// A copy of a file, as it is.
    Copy {
        from: &'static str,
        to: &'static str,
    },
    /// A symbolic link.
    Link { at: &'static str, to: &'static str },
    /// A link through `/etc/alternatives`, if its program is there.
    Alternative {
        link: &'static str,
        program: &'static str,
    },
    /// A file with this text.
    Text {
        at: &'static str,
        text: &'static str,
        mode: u32,
        gid: u32,
    },
    /// A folder.
    Folder {
        at: &'static str,
        mode: u32,
        gid: u32,
    },
    /// A system user, its group, and folders (with modes) it owns.
    User {
        user: SystemUser,
        owns: &'static [(&'static str, u32)],
    },
}

/// Numbers of groups in base-passwd's master.
const ADM: u32 = 4;
const MAIL: u32 = 8;
const UTMP: u32 = 43;

/// Package by package.
const TABLE: &[(&str, &[Make])] = &[
    ("base-files", BASE_FILES),
    (
        "base-passwd",
        &[
            Make::Text {
                at: "/etc/subuid",
                text: "",
                mode: 0o644,
                gid: 0,
            },
            Make::Text {
                at: "/etc/subgid",
                text: "",
                mode: 0o644,
                gid: 0,
            },
        ],
    ),
    (
        "debianutils",
        &[
            Make::Text {
                at: "/etc/shells",
                text: "# /etc/shells: valid login shells\n/bin/sh\n/usr/bin/sh\n/bin/bash\n\
                       /usr/bin/bash\n/bin/rbash\n/usr/bin/rbash\n/bin/dash\n/usr/bin/dash\n",
                mode: 0o644,
                gid: 0,
            },
            Make::Alternative {
                link: "/usr/bin/which",
                program: "/usr/bin/which.debianutils",
            },
        ],
    ),
    (
        "libc-bin",
        &[Make::Copy {
            from: "/usr/share/libc-bin/nsswitch.conf",
            to: "/etc/nsswitch.conf",
        }],
    ),
    (
        "libpam-modules",
        &[
            Make::Text {
                at: "/etc/security/opasswd",
                text: "",
                mode: 0o600,
                gid: 0,
            },
            Make::Text {
                at: "/etc/environment",
                text: "",
                mode: 0o644,
                gid: 0,
            },
        ],
    ),
    (
        "login.defs",
        &[Make::Copy {
            from: "/usr/share/login.defs/login.defs",
            to: "/etc/login.defs",
        }],
    ),
    (
        "mawk",
        &[
            Make::Alternative {
                link: "/usr/bin/awk",
                program: "/usr/bin/mawk",
            },
            Make::Alternative {
                link: "/usr/bin/nawk",
                program: "/usr/bin/mawk",
            },
        ],
    ),
    ("netbase", NETBASE),
    ("nginx-common", NGINX),
    (
        "openssl",
        &[Make::Link {
            at: "/usr/lib/ssl",
            to: "/etc/ssl",
        }],
    ),
    (
        "readline-common",
        &[Make::Copy {
            from: "/usr/share/readline/inputrc",
            to: "/etc/inputrc",
        }],
    ),
    (
        "tar",
        &[Make::Alternative {
            link: "/usr/sbin/rmt",
            program: "/usr/sbin/rmt-tar",
        }],
    ),
    (
        "tzdata",
        &[
            Make::Link {
                at: "/etc/localtime",
                to: "/usr/share/zoneinfo/Etc/UTC",
            },
            Make::Text {
                at: "/etc/timezone",
                text: "Etc/UTC\n",
                mode: 0o644,
                gid: 0,
            },
        ],
    ),
    (
        "util-linux",
        &[Make::Alternative {
            link: "/usr/bin/pager",
            program: "/usr/bin/more",
        }],
    ),
    (
        "valkey-tools",
        &[Make::User {
            user: SystemUser {
                name: "valkey",
                home: "/var/lib/valkey",
            },
            owns: &[
                ("/var/log/valkey", 0o2750),
                ("/var/lib/valkey", 0o750),
                ("/etc/valkey", 0o2770),
                ("/etc/valkey/valkey.conf", 0o640),
            ],
        }],
    ),
];

const BASE_FILES: &[Make] = &[
    Make::Link {
        at: "/etc/dpkg/origins/default",
        to: "debian",
    },
    Make::Copy {
        from: "/usr/share/base-files/dot.profile",
        to: "/root/.profile",
    },
    Make::Copy {
        from: "/usr/share/base-files/dot.bashrc",
        to: "/root/.bashrc",
    },
    Make::Copy {
        from: "/usr/share/base-files/profile",
        to: "/etc/profile",
    },
    Make::Copy {
        from: "/usr/share/base-files/motd",
        to: "/etc/motd",
    },
    Make::Folder {
        at: "/mnt",
        mode: 0o755,
        gid: 0,
    },
    Make::Folder {
        at: "/srv",
        mode: 0o755,
        gid: 0,
    },
    Make::Folder {
        at: "/opt",
        mode: 0o755,
        gid: 0,
    },
    Make::Folder {
        at: "/etc/opt",
        mode: 0o755,
        gid: 0,
    },
    Make::Folder {
        at: "/var/opt",
        mode: 0o755,
        gid: 0,
    },
    Make::Folder {
        at: "/media",
        mode: 0o755,
        gid: 0,
    },
    Make::Folder {
        at: "/var/mail",
        mode: 0o2775,
        gid: MAIL,
    },
    Make::Link {
        at: "/var/spool/mail",
        to: "../mail",
    },
    Make::Folder {
        at: "/run/lock",
        mode: 0o1777,
        gid: 0,
    },
    Make::Link {
        at: "/var/run",
        to: "/run",
    },
    Make::Link {
        at: "/var/lock",
        to: "/run/lock",
    },
    Make::Folder {
        at: "/usr/local",
        mode: 0o755,
        gid: 0,
    },
    Make::Folder {
        at: "/usr/local/share",
        mode: 0o755,
        gid: 0,
    },
    Make::Folder {
        at: "/usr/local/share/man",
        mode: 0o755,
        gid: 0,
    },
    Make::Folder {
        at: "/usr/local/bin",
        mode: 0o755,
        gid: 0,
    },
    Make::Folder {
        at: "/usr/local/games",
        mode: 0o755,
        gid: 0,
    },
    Make::Folder {
        at: "/usr/local/lib",
        mode: 0o755,
        gid: 0,
    },
    Make::Folder {
        at: "/usr/local/libexec",
        mode: 0o755,
        gid: 0,
    },
    Make::Folder {
        at: "/usr/local/include",
        mode: 0o755,
        gid: 0,
    },
    Make::Folder {
        at: "/usr/local/sbin",
        mode: 0o755,
        gid: 0,
    },
    Make::Folder {
        at: "/usr/local/src",
        mode: 0o755,
        gid: 0,
    },
    Make::Folder {
        at: "/usr/local/etc",
        mode: 0o755,
        gid: 0,
    },
    Make::Link {
        at: "/usr/local/man",
        to: "share/man",
    },
    Make::Text {
        at: "/var/log/wtmp",
        text: "",
        mode: 0o664,
        gid: UTMP,
    },
    Make::Text {
        at: "/var/log/btmp",
        text: "",
        mode: 0o660,
        gid: UTMP,
    },
    Make::Text {
        at: "/var/log/lastlog",
        text: "",
        mode: 0o664,
        gid: UTMP,
    },
];

const NETBASE: &[Make] = &[
    Make::Text {
        at: "/etc/hosts",
        text: "127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost ip6-loopback\nff02::1\t\t\
               ip6-allnodes\nff02::2\t\tip6-allrouters\n\n",
        mode: 0o644,
        gid: 0,
    },
    Make::Text {
        at: "/etc/networks",
        text: "default\t\t0.0.0.0\nloopback\t127.0.0.0\nlink-local\t169.254.0.0\n\n",
        mode: 0o644,
        gid: 0,
    },
];

const NGINX: &[Make] = &[
    Make::Folder {
        at: "/var/log/nginx",
        mode: 0o755,
        gid: ADM,
    },
    Make::Text {
        at: "/var/log/nginx/access.log",
        text: "",
        mode: 0o640,
        gid: ADM,
    },
    Make::Text {
        at: "/var/log/nginx/error.log",
        text: "",
        mode: 0o640,
        gid: ADM,
    },
    Make::Link {
        at: "/etc/nginx/sites-enabled/default",
        to: "/etc/nginx/sites-available/default",
    },
    Make::Copy {
        from: "/usr/share/nginx/html/index.html",
        to: "/var/www/html/index.nginx-debian.html",
    },
];

/// Makes what the scripts of `packages` would have made, the account files and the linker cache.
/// Returns a note for each.
pub fn generate(tree: &mut Tree, arch: Arch, packages: &BTreeSet<&str>) -> Result<Vec<String>> {
    let rows = TABLE
        .iter()
        .filter(|(package, _)| packages.contains(package));
    let makes: Vec<(&str, &Make)> = rows
        .flat_map(|(package, makes)| makes.iter().map(move |make| (*package, make)))
        .collect();
    let mut notes = Vec::new();
    for (package, make) in &makes {
        if let Some(path) = make.run(tree, package)? {
            notes.push(format!(
                "generated: {path} as the script of {package} would"
            ));
        }
    }
    let users: Vec<SystemUser> = makes
        .iter()
        .filter_map(|(_, make)| match make {
            Make::User { user, .. } => Some(*user),
            _ => None,
        })
        .collect();
    let (more, numbers) = accounts::write(tree, &users, || packages.contains("passwd"))?;
    notes.extend(more);
    for (package, make) in &makes {
        let Make::User { user, owns } = make else {
            continue;
        };
        let number = numbers
            .iter()
            .find(|(name, _)| *name == user.name)
            .map(|(_, number)| *number);
        for (path, mode) in owns.iter().filter(|_| number.is_some()) {
            give(tree, path, *mode, number.unwrap_or_default(), package)?;
            notes.push(format!("generated: {path} belongs to {}", user.name));
        }
    }
    if packages.contains("libc-bin") {
        let cache = linker_cache(tree, arch);
        for (path, target) in cache.missing_links {
            notes.push(format!("generated: {path} as ldconfig would"));
            put(tree, path.as_str(), link(&target, "libc-bin"))?;
        }
        let file = entry(Blob::new(cache.bytes), 0o644, "libc-bin");
        put(tree, "/etc/ld.so.cache", file)?;
        let count = cache.libraries;
        notes.push(format!(
            "generated: /etc/ld.so.cache with {count} libraries"
        ));
    }
    Ok(notes)
}

impl Make {
    /// Makes it; the path, if there was something to make.
    fn run(&self, tree: &mut Tree, package: &str) -> Result<Option<String>> {
        let (at, made) = match *self {
            Self::Copy { from, to } => {
                let Some((path, found)) = tree.lookup(from) else {
                    return Ok(None);
                };
                let (mode, blob) = (found.mode, tree.blob(&path).cloned());
                let Some(blob) = blob else { return Ok(None) };
                (to, entry(blob, mode, package))
            }
            Self::Link { at, to } => (at, link(to, package)),
            Self::Alternative { link: at, program } => {
                if tree.lookup(program).is_none() || tree.contains(at) {
                    return Ok(None);
                }
                let name = at.rsplit('/').next().unwrap_or(at);
                let middle = format!("/etc/alternatives/{name}");
                put(tree, &middle, link(program, package))?;
                put(tree, at, link(&middle, package))?;
                return Ok(Some(format!("{at} and {middle}")));
            }
            Self::Text {
                at,
                text,
                mode,
                gid,
            } => (
                at,
                entry(Blob::new(text.as_bytes()), mode, package).with_ids(0, gid),
            ),
            Self::Folder { at, mode, gid } => {
                let origin = Origin::Generated(package.into());
                (
                    at,
                    Entry::directory(mode, origin)
                        .with_ids(0, gid)
                        .with_owner("generated"),
                )
            }
            Self::User { .. } => return Ok(None),
        };
        if tree.lookup(at).is_some() || tree.contains(at) {
            return Ok(None);
        }
        put(tree, at, made)?;
        Ok(Some(at.to_owned()))
    }
}

/// Gives the path to the user and group `number`; an absent one is made as a folder.
fn give(tree: &mut Tree, path: &str, mode: u32, number: u32, package: &str) -> Result<()> {
    let mut owned = match tree.get(path) {
        Some(found) => found.clone(),
        None => {
            let origin = Origin::Generated(package.into());
            Entry::directory(mode, origin).with_owner("generated")
        }
    };
    owned.mode = mode;
    put(tree, path, owned.with_ids(number, number))
}

fn entry(blob: Blob, mode: u32, package: &str) -> Entry {
    Entry::file(blob, mode, Origin::Generated(package.into())).with_owner("generated")
}

fn link(to: &str, package: &str) -> Entry {
    Entry::symlink(to, Origin::Generated(package.into())).with_owner("generated")
}
