//! Decisions to a program: check the architecture, load the number, search it in a balanced tree
//! of ranges, then compare arguments where a call has conditions.
//!
//! A tree keeps every call at a depth of about log2 of the number of ranges; neighbours with the
//! same verdict are one range.

use libc::{BPF_ABS, BPF_ALU, BPF_AND, BPF_JA, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET};
use libc::{BPF_W, SECCOMP_RET_KILL_PROCESS, sock_filter};

use super::SeccompError;
use super::condition::{Step, Way};
use super::decide::{Decision, Decisions, Rule};
use super::names::Native;

/// The kernel's `BPF_MAXINSNS`.
pub(super) const MOST_INSTRUCTIONS: usize = 4096;

/// Offsets in `seccomp_data`.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;

/// A range of numbers up to the next one's start, and what runs for them.
struct Range {
    from: u32,
    leaf: Vec<sock_filter>,
}

/// The whole program.
pub(super) fn assemble(
    decisions: &Decisions,
    native: &Native,
) -> Result<Vec<sock_filter>, SeccompError> {
    let mut program = vec![
        load(ARCHITECTURE),
        jump(BPF_JEQ, native.audit, 1, 0),
        answer(SECCOMP_RET_KILL_PROCESS),
        load(NUMBER),
    ];
    program.extend(tree(&ranges(decisions, native)));
    if program.len() > MOST_INSTRUCTIONS {
        return Err(SeccompError::TooLong(program.len()));
    }
    Ok(program)
}

/// Every number once, ascending, neighbours with the same plain verdict merged.
fn ranges(decisions: &Decisions, native: &Native) -> Vec<Range> {
    let default = vec![answer(decisions.default)];
    let mut ranges = vec![Range {
        from: 0,
        leaf: default.clone(),
    }];
    let mut push = |from: u32, leaf: Vec<sock_filter>| match ranges.last_mut() {
        Some(last) if last.from == from => last.leaf = leaf,
        Some(last) if last.leaf == leaf && leaf.len() == 1 => {}
        _ => ranges.push(Range { from, leaf }),
    };
    for (number, decision) in &decisions.by_number {
        push(*number, leaf(decision, decisions.default));
        push(number + 1, default.clone());
    }
    if let Some(foreign) = native.foreign_from {
        push(foreign, vec![answer(SECCOMP_RET_KILL_PROCESS)]);
        // -1 is no call of that convention: a tracer sets it to skip a call.
        push(u32::MAX, default.clone());
    }
    ranges
}

/// A search for the accumulator in `ranges`, which is never empty.
fn tree(ranges: &[Range]) -> Vec<sock_filter> {
    let (left, right) = ranges.split_at(ranges.len() / 2);
    let (Some(_), Some(first)) = (left.first(), right.first()) else {
        return ranges
            .first()
            .map(|range| range.leaf.clone())
            .unwrap_or_default();
    };
    let left = tree(left);
    let mut code = match u8::try_from(left.len()) {
        Ok(near) => vec![jump(BPF_JGE, first.from, near, 0)],
        // Conditional jumps reach 255 instructions; further ones take an unconditional one.
        Err(_) => vec![
            jump(BPF_JGE, first.from, 0, 1),
            far(u32::try_from(left.len()).unwrap_or(u32::MAX)),
        ],
    };
    code.extend(left);
    code.extend(tree(right));
    code
}

fn leaf(decision: &Decision, default: u32) -> Vec<sock_filter> {
    match decision {
        Decision::Always(verdict) => vec![answer(*verdict)],
        Decision::ByArguments(rules) => {
            let mut code: Vec<sock_filter> = rules.iter().flat_map(rule).collect();
            code.push(answer(default));
            code
        }
    }
}

/// One rule: all conditions, then its verdict; a condition that fails leads behind it. At most six
/// conditions of at most six steps, so every jump is near.
fn rule(rule: &Rule) -> Vec<sock_filter> {
    let length: usize = rule.conditions.iter().map(Vec::len).sum::<usize>() + 1;
    let mut code = Vec::with_capacity(length);
    for condition in &rule.conditions {
        let end = code.len() + condition.len();
        for step in condition {
            let next = code.len() + 1;
            let near = |to: usize| u8::try_from(to - next).unwrap_or(u8::MAX);
            let to = |way: Way| match way {
                Way::On => 0,
                Way::Holds => near(end),
                Way::Fails => near(length),
            };
            code.push(match *step {
                Step::Load(offset) => load(offset),
                Step::And(bits) => instruction(BPF_ALU | BPF_AND | BPF_K, 0, 0, bits),
                Step::Compare(operation, value, yes, no) => jump(operation, value, to(yes), to(no)),
            });
        }
    }
    code.push(answer(rule.verdict));
    code
}

fn load(offset: u32) -> sock_filter {
    instruction(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset)
}

fn jump(operation: u32, value: u32, yes: u8, no: u8) -> sock_filter {
    instruction(BPF_JMP | operation | BPF_K, yes, no, value)
}

fn far(over: u32) -> sock_filter {
    instruction(BPF_JMP | BPF_JA, 0, 0, over)
}

fn answer(verdict: u32) -> sock_filter {
    instruction(BPF_RET | BPF_K, 0, 0, verdict)
}

fn instruction(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter {
        code: u16::try_from(code).unwrap_or(u16::MAX),
        jt,
        jf,
        k,
    }
}
