//! Decisions of compiled profiles, asked of the interpreter and compared with a plain reading of
//! the profile.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use libc::{
    EPERM, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
    SECCOMP_RET_LOG, SECCOMP_RET_TRACE, SECCOMP_RET_TRAP,
};
use oci_spec::runtime::{LinuxSeccomp, LinuxSeccompArg, LinuxSeccompOperator};
use proptest::prelude::*;

use super::evaluate::{Call, evaluate};
use super::{Filter, SeccompError, action, compile, names};

const ENOSYS: u32 = 38;
const DENY: u32 = SECCOMP_RET_ERRNO | EPERM.unsigned_abs();

fn profile(json: &str) -> LinuxSeccomp {
    serde_json::from_str(json).unwrap()
}

/// A profile with default EPERM and these entries.
fn allowing(entries: &str) -> Filter {
    compile(&profile(&format!(
        r#"{{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{entries}]}}"#
    )))
    .unwrap()
}

fn ask(filter: &Filter, name: &str, args: &[u64]) -> u32 {
    let mut six = [0; 6];
    six[..args.len()].copy_from_slice(args);
    let call = Call {
        arch: names::native().unwrap().audit,
        nr: names::number(name).unwrap(),
        args: six,
    };
    evaluate(&filter.program, &call).unwrap()
}

#[test]
fn an_action_and_an_error_number_per_rule() {
    let filter = allowing(
        r#"{"names":["read"],"action":"SCMP_ACT_ALLOW"},
           {"names":["clone3"],"action":"SCMP_ACT_ERRNO","errnoRet":38},
           {"names":["bpf"],"action":"SCMP_ACT_KILL"},
           {"names":["mount"],"action":"SCMP_ACT_KILL_PROCESS"},
           {"names":["umount2"],"action":"SCMP_ACT_KILL_THREAD"},
           {"names":["swapon"],"action":"SCMP_ACT_TRAP"},
           {"names":["acct"],"action":"SCMP_ACT_TRACE","errnoRet":7},
           {"names":["sync"],"action":"SCMP_ACT_LOG"},
           {"names":["keyctl"],"action":"SCMP_ACT_ERRNO","errnoRet":1}"#,
    );
    for (name, expected) in [
        ("read", SECCOMP_RET_ALLOW),
        ("write", DENY),
        ("clone3", SECCOMP_RET_ERRNO | ENOSYS),
        ("bpf", SECCOMP_RET_KILL_THREAD),
        ("mount", SECCOMP_RET_KILL_PROCESS),
        ("umount2", SECCOMP_RET_KILL_THREAD),
        ("swapon", SECCOMP_RET_TRAP),
        ("acct", SECCOMP_RET_TRACE | 7),
        ("sync", SECCOMP_RET_LOG),
        ("keyctl", DENY),
    ] {
        assert_eq!(ask(&filter, name, &[]), expected, "{name}");
    }
    // keyctl's entry is the default action, so it is no rule.
    assert_eq!(filter.report.rules, 8);
}

#[test]
fn unconditional_wins_in_either_order_and_is_reported() {
    let always = r#"{"names":["personality"],"action":"SCMP_ACT_ALLOW"}"#;
    let given = r#"{"names":["personality"],"action":"SCMP_ACT_ERRNO","errnoRet":38,
        "args":[{"index":0,"value":4,"op":"SCMP_CMP_EQ"}]}"#;
    for entries in [format!("{always},{given}"), format!("{given},{always}")] {
        let filter = allowing(&entries);
        assert_eq!(ask(&filter, "personality", &[4]), SECCOMP_RET_ALLOW);
        assert_eq!(ask(&filter, "personality", &[5]), SECCOMP_RET_ALLOW);
        assert_eq!(filter.report.overruled, ["personality"]);
    }
    // Of two unconditional rules the first one counts.
    let filter = allowing(&format!(
        r#"{always},{{"names":["personality"],"action":"SCMP_ACT_KILL"}}"#
    ));
    assert_eq!(ask(&filter, "personality", &[4]), SECCOMP_RET_ALLOW);
}

#[test]
fn several_conditional_entries_are_tried_in_order() {
    let filter = allowing(
        r#"{"names":["personality"],"action":"SCMP_ACT_ALLOW",
            "args":[{"index":0,"value":0,"op":"SCMP_CMP_EQ"}]},
           {"names":["personality"],"action":"SCMP_ACT_ERRNO","errnoRet":38,
            "args":[{"index":0,"value":100,"op":"SCMP_CMP_LE"}]}"#,
    );
    assert_eq!(ask(&filter, "personality", &[0]), SECCOMP_RET_ALLOW);
    assert_eq!(
        ask(&filter, "personality", &[100]),
        SECCOMP_RET_ERRNO | ENOSYS
    );
    assert_eq!(ask(&filter, "personality", &[101]), DENY);
}

#[test]
fn different_arguments_are_and_the_same_twice_is_or() {
    let filter = allowing(
        r#"{"names":["socket"],"action":"SCMP_ACT_ALLOW","args":[
              {"index":0,"value":2,"op":"SCMP_CMP_EQ"},{"index":1,"value":1,"op":"SCMP_CMP_EQ"}]},
           {"names":["personality"],"action":"SCMP_ACT_ALLOW","args":[
              {"index":0,"value":2,"op":"SCMP_CMP_EQ"},{"index":0,"value":9,"op":"SCMP_CMP_EQ"}]}"#,
    );
    for (name, args, allowed) in [
        ("socket", [2, 1], true),
        ("socket", [2, 2], false),
        ("socket", [1, 1], false),
        ("personality", [2, 0], true),
        ("personality", [9, 0], true),
        ("personality", [3, 0], false),
    ] {
        let got = ask(&filter, name, &args) == SECCOMP_RET_ALLOW;
        assert_eq!(got, allowed, "{name} {args:?}");
    }
}

#[test]
fn masked_equal_takes_the_mask_from_value_and_the_rest_from_value_two() {
    // clone without any new-namespace flag.
    let filter = allowing(
        r#"{"names":["clone"],"action":"SCMP_ACT_ALLOW","args":[
            {"index":0,"value":2114060288,"valueTwo":0,"op":"SCMP_CMP_MASKED_EQ"}]}"#,
    );
    assert_eq!(ask(&filter, "clone", &[0x0120_0011]), SECCOMP_RET_ALLOW);
    for flag in [0x1000_0000u64, 0x0200_0000, 0x4000_0000, 0x2000_0000] {
        assert_eq!(ask(&filter, "clone", &[flag | 17]), DENY);
    }
}

#[test]
fn all_sixty_four_bits_count() {
    let filter = allowing(
        r#"{"names":["socket"],"action":"SCMP_ACT_ALLOW","args":[
            {"index":0,"value":40,"op":"SCMP_CMP_NE"}]}"#,
    );
    assert_eq!(ask(&filter, "socket", &[40]), DENY);
    assert_eq!(ask(&filter, "socket", &[40 | 1 << 32]), SECCOMP_RET_ALLOW);
}

#[test]
fn unknown_names_architectures_and_flags_are_counted_not_fatal() {
    let filter = compile(&profile(
        r#"{"defaultAction":"SCMP_ACT_ERRNO",
            "architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_AARCH64","SCMP_ARCH_X86"],
            "flags":["SECCOMP_FILTER_FLAG_TSYNC","SECCOMP_FILTER_FLAG_LOG"],
            "syscalls":[{"names":["no_such_call","read","also_none"],"action":"SCMP_ACT_ALLOW"}]}"#,
    ))
    .unwrap();
    assert_eq!(filter.report.unknown, ["also_none", "no_such_call"]);
    assert_eq!(filter.report.rules, 1);
    assert_eq!(filter.report.ignored_architectures.len(), 2);
    assert_eq!(filter.report.ignored_flags, ["SeccompFilterFlagTsync"]);
    assert_eq!(filter.flags, libc::SECCOMP_FILTER_FLAG_LOG);
}

#[test]
fn other_calling_conventions_die() {
    let filter = allowing(r#"{"names":["read"],"action":"SCMP_ACT_ALLOW"}"#);
    let native = names::native().unwrap();
    let at = |arch, nr| {
        let args = [0; 6];
        evaluate(&filter.program, &Call { arch, nr, args }).unwrap()
    };
    // i386, through `int 0x80`.
    assert_eq!(at(0x4000_0003, 3), SECCOMP_RET_KILL_PROCESS);
    if let Some(foreign) = native.foreign_from {
        assert_eq!(at(native.audit, foreign), SECCOMP_RET_KILL_PROCESS);
        assert_eq!(at(native.audit, foreign + 1), SECCOMP_RET_KILL_PROCESS);
    }
    assert_eq!(at(native.audit, u32::MAX), DENY);
}

#[test]
fn what_cannot_be_enforced_is_refused() {
    let entry = |body: &str| {
        compile(&profile(&format!(
            r#"{{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{body}]}}"#
        )))
        .unwrap_err()
    };
    let read = r#""names":["read"]"#;
    assert_eq!(
        entry(&format!(r#"{{{read},"action":"SCMP_ACT_NOTIFY"}}"#)),
        SeccompError::Notify
    );
    assert_eq!(
        entry(&format!(
            r#"{{{read},"action":"SCMP_ACT_ERRNO","errnoRet":4096}}"#
        )),
        SeccompError::Errno(4096)
    );
    assert_eq!(
        entry(&format!(
            r#"{{{read},"action":"SCMP_ACT_KILL","args":[{{"index":6,"value":0,"op":"SCMP_CMP_EQ"}}]}}"#
        )),
        SeccompError::ArgumentIndex {
            name: "read".to_owned(),
            index: 6
        }
    );
    let one = r#"{"names":["read"],"action":"SCMP_ACT_KILL","args":[
        {"index":0,"value":1,"op":"SCMP_CMP_EQ"}]}"#;
    assert!(matches!(
        entry(&vec![one; 900].join(",")),
        SeccompError::TooLong(n) if n > 4096
    ));
    assert!(serde_json::from_str::<LinuxSeccomp>(r#"{"defaultAction":"SCMP_ACT_DENY"}"#).is_err());
}

#[test]
fn a_wide_tree_uses_far_jumps_and_still_decides() {
    // Sixty calls with four conditional rules each: more than 255 instructions on one side.
    let calls: Vec<&str> = syscalls::Sysno::iter().map(|s| s.name()).take(60).collect();
    let entries: Vec<String> = calls
        .iter()
        .flat_map(|name| (0..4).map(move |v| (name, v)))
        .map(|(name, v)| {
            format!(
                r#"{{"names":["{name}"],"action":"SCMP_ACT_ALLOW","args":[
                    {{"index":0,"value":{v},"op":"SCMP_CMP_EQ"}}]}}"#
            )
        })
        .collect();
    let filter = allowing(&entries.join(","));
    assert!(filter.program.len() > 1000);
    for name in calls {
        assert_eq!(ask(&filter, name, &[3]), SECCOMP_RET_ALLOW, "{name}");
        assert_eq!(ask(&filter, name, &[4]), DENY, "{name}");
    }
}

/// What the profile says about a call, read naively.
fn reading(profile: &LinuxSeccomp, name: &str, args: [u64; 6]) -> u32 {
    let default = action::verdict(profile.default_action(), profile.default_errno_ret()).unwrap();
    let entries: Vec<_> = profile
        .syscalls()
        .iter()
        .flatten()
        .filter(|e| e.names().iter().any(|n| n == name))
        .map(|e| (e, action::verdict(e.action(), e.errno_ret()).unwrap()))
        .filter(|(_, verdict)| *verdict != default)
        .collect();
    let none = |e: &oci_spec::runtime::LinuxSyscall| e.args().iter().flatten().next().is_none();
    if let Some((_, verdict)) = entries.iter().find(|(e, _)| none(e)) {
        return *verdict;
    }
    for (entry, verdict) in entries {
        let list: Vec<LinuxSeccompArg> = entry.args().iter().flatten().copied().collect();
        let twice = list
            .iter()
            .enumerate()
            .any(|(i, a)| list[..i].iter().any(|b| b.index() == a.index()));
        let mut hold = list.iter().map(|arg| holds(arg, args[arg.index()]));
        if if twice {
            hold.any(|h| h)
        } else {
            hold.all(|h| h)
        } {
            return verdict;
        }
    }
    default
}

fn holds(arg: &LinuxSeccompArg, given: u64) -> bool {
    use LinuxSeccompOperator as Op;
    let value = arg.value();
    match arg.op() {
        Op::ScmpCmpNe => given != value,
        Op::ScmpCmpLt => given < value,
        Op::ScmpCmpLe => given <= value,
        Op::ScmpCmpEq => given == value,
        Op::ScmpCmpGe => given >= value,
        Op::ScmpCmpGt => given > value,
        Op::ScmpCmpMaskedEq => given & value == arg.value_two().unwrap_or(0),
    }
}

const NAMES: [&str; 6] = [
    "read",
    "write",
    "socket",
    "clone",
    "personality",
    "nonesuch",
];
const VALUES: [u64; 8] = [
    0,
    1,
    2,
    1 << 32,
    (1 << 32) | 1,
    u64::MAX,
    1 << 63,
    0xffff_ffff,
];

fn entries() -> impl Strategy<Value = String> {
    let op = prop::sample::select(vec!["NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"]);
    let value = prop::sample::select(VALUES.to_vec());
    let arg = (0usize..3, value.clone(), value, op).prop_map(|(index, value, two, op)| {
        format!(r#"{{"index":{index},"value":{value},"valueTwo":{two},"op":"SCMP_CMP_{op}"}}"#)
    });
    let entry = (
        prop::sample::subsequence(NAMES.to_vec(), 1..3),
        prop::sample::select(vec![
            ("ALLOW", 0u32),
            ("ERRNO", 1),
            ("ERRNO", 38),
            ("LOG", 0),
        ]),
        prop::collection::vec(arg, 0..4),
    )
        .prop_map(|(names, (action, errno), args)| {
            let errno = if action == "ERRNO" {
                format!(r#","errnoRet":{errno}"#)
            } else {
                String::new()
            };
            format!(
                r#"{{"names":["{}"],"action":"SCMP_ACT_{action}"{errno},"args":[{}]}}"#,
                names.join(r#"",""#),
                args.join(",")
            )
        });
    prop::collection::vec(entry, 0..8).prop_map(|e| e.join(","))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_program_decides_as_the_profile_reads(
        entries in entries(),
        args in prop::array::uniform3(prop::sample::select(VALUES.to_vec())),
    ) {
        let profile = profile(&format!(
            r#"{{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{entries}]}}"#
        ));
        let filter = compile(&profile).unwrap();
        let six = [args[0], args[1], args[2], 0, 0, 0];
        for name in &NAMES[..5] {
            prop_assert_eq!(ask(&filter, name, &six), reading(&profile, name, six), "{}", name);
        }
        prop_assert_eq!(ask(&filter, "futex", &six), DENY);
    }
}
