//! What the maintainer scripts of known packages make, as data.
//!
//! Each row was read off the `postinst` of the package in Debian 13, or in Debian 12 where 13 has no
//! such package; a test of the `certify` crate holds the outcome for 13 against an installation in
//! which the scripts ran.

use super::accounts::SystemUser;

/// One thing a script makes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Make {
    /// A copy of a file, as it is.
    Copy {
        from: &'static str,
        to: &'static str,
    },
    /// A symbolic link.
    Link { at: &'static str, to: &'static str },
    /// A folder that a package ships empty, made a symbolic link.
    Migrate { at: &'static str, to: &'static str },
    /// Owner and mode of what is there.
    Own {
        at: &'static str,
        mode: u32,
        uid: u32,
        gid: u32,
    },
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
    /// A system user, its group, and what it owns: path, mode, group.
    User {
        user: SystemUser,
        owns: &'static [(&'static str, u32, Group)],
    },
}

/// The group of what a system user owns.
#[derive(Debug, Clone, Copy)]
pub(super) enum Group {
    /// The user's own.
    Own,
    /// One of base-passwd's.
    Number(u32),
}

/// Numbers of users and groups in base-passwd's masters.
const ADM: u32 = 4;
const MAIL: u32 = 8;
const WWW_DATA: u32 = 33;
const UTMP: u32 = 43;

/// What Redis and its fork make.
macro_rules! cache_server {
    ($name:literal) => {
        &[Make::User {
            user: SystemUser {
                name: $name,
                home: concat!("/var/lib/", $name),
            },
            owns: &[
                (concat!("/var/log/", $name), 0o2750, Group::Number(ADM)),
                (concat!("/var/lib/", $name), 0o750, Group::Own),
                (concat!("/etc/", $name), 0o2770, Group::Own),
                (
                    concat!("/etc/", $name, "/", $name, ".conf"),
                    0o640,
                    Group::Own,
                ),
            ],
        }]
    };
}

/// What a minor version of Python makes.
macro_rules! python {
    ($version:literal) => {
        &[
            Make::Folder {
                at: concat!("/usr/local/lib/python", $version),
                mode: 0o755,
                gid: 0,
            },
            Make::Folder {
                at: concat!("/usr/local/lib/python", $version, "/dist-packages"),
                mode: 0o755,
                gid: 0,
            },
            Make::Folder {
                at: "/var/lib/python",
                mode: 0o755,
                gid: 0,
            },
            Make::Text {
                at: concat!("/var/lib/python/python", $version, "_installed"),
                text: "",
                mode: 0o644,
                gid: 0,
            },
        ]
    };
}

/// Package by package.
pub(super) const TABLE: &[(&str, &[Make])] = &[
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
                       /usr/bin/bash\n/bin/rbash\n/usr/bin/rbash\n/usr/bin/dash\n",
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
    ("python3.11-minimal", python!("3.11")),
    ("python3.13-minimal", python!("3.13")),
    (
        "readline-common",
        &[Make::Copy {
            from: "/usr/share/readline/inputrc",
            to: "/etc/inputrc",
        }],
    ),
    ("redis-server", cache_server!("redis")),
    (
        "tar",
        &[Make::Alternative {
            link: "/usr/sbin/rmt",
            program: "/usr/sbin/rmt-tar",
        }],
    ),
    (
        "tzdata",
        &[Make::Link {
            at: "/etc/localtime",
            to: "/usr/share/zoneinfo/Etc/UTC",
        }],
    ),
    (
        "util-linux",
        &[Make::Alternative {
            link: "/usr/bin/pager",
            program: "/bin/more",
        }],
    ),
    ("valkey-tools", cache_server!("valkey")),
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
    Make::Migrate {
        at: "/var/run",
        to: "/run",
    },
    Make::Migrate {
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
    Make::Copy {
        from: "/usr/share/base-files/info.dir",
        to: "/usr/share/info/dir",
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
    Make::Own {
        at: "/var/log/nginx",
        mode: 0o755,
        uid: 0,
        gid: ADM,
    },
    Make::Text {
        at: "/var/log/nginx/access.log",
        text: "",
        mode: 0o640,
        gid: ADM,
    },
    Make::Own {
        at: "/var/log/nginx/access.log",
        mode: 0o640,
        uid: WWW_DATA,
        gid: ADM,
    },
    Make::Text {
        at: "/var/log/nginx/error.log",
        text: "",
        mode: 0o640,
        gid: ADM,
    },
    Make::Own {
        at: "/var/log/nginx/error.log",
        mode: 0o640,
        uid: WWW_DATA,
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
