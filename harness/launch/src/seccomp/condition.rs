//! One comparison of one argument, as instructions.
//!
//! A program sees 32 bits at a time, so each 64-bit comparison is one of the high half and, where
//! that does not decide, one of the low half.

use oci_spec::runtime::{LinuxSeccompArg, LinuxSeccompOperator};

use super::SeccompError;

/// Where a comparison leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The next instruction.
    On,
    /// Behind this condition: it holds.
    Holds,
    /// Behind this rule: it does not.
    Fails,
}

/// An instruction whose jumps are still names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// Loads the word at this offset of `seccomp_data`.
    Load(u32),
    /// Keeps these bits.
    And(u32),
    /// Compares with a constant: operation, constant, where to when true, where to when not.
    Compare(u32, u32, Way, Way),
}

/// `args[0]` in `seccomp_data`.
const FIRST_ARGUMENT: u32 = 16;

/// The steps of one comparison; falling off their end means that it holds.
pub(super) fn steps(name: &str, arg: &LinuxSeccompArg) -> Result<Vec<Step>, SeccompError> {
    let index = u32::try_from(arg.index())
        .ok()
        .filter(|i| *i < 6)
        .ok_or_else(|| SeccompError::ArgumentIndex {
            name: name.to_owned(),
            index: arg.index(),
        })?;
    let low = Step::Load(FIRST_ARGUMENT + 8 * index);
    let high = Step::Load(FIRST_ARGUMENT + 8 * index + 4);
    let (v_high, v_low) = halves(arg.value());
    use LinuxSeccompOperator as Op;
    use Step::{And, Compare};
    use Way::{Fails, Holds, On};
    let (eq, gt, ge) = (libc::BPF_JEQ, libc::BPF_JGT, libc::BPF_JGE);
    Ok(match arg.op() {
        Op::ScmpCmpEq => vec![
            high,
            Compare(eq, v_high, On, Fails),
            low,
            Compare(eq, v_low, On, Fails),
        ],
        Op::ScmpCmpNe => vec![
            high,
            Compare(eq, v_high, On, Holds),
            low,
            Compare(eq, v_low, Fails, On),
        ],
        Op::ScmpCmpGe => above(high, low, v_high, ge, v_low),
        Op::ScmpCmpGt => above(high, low, v_high, gt, v_low),
        Op::ScmpCmpLt => below(high, low, v_high, ge, v_low),
        Op::ScmpCmpLe => below(high, low, v_high, gt, v_low),
        // OCI: `value` is the mask and `valueTwo` what must be left of the argument under it.
        Op::ScmpCmpMaskedEq => {
            let (want_high, want_low) = halves(arg.value_two().unwrap_or(0));
            vec![
                high,
                And(v_high),
                Compare(eq, want_high, On, Fails),
                low,
                And(v_low),
                Compare(eq, want_low, On, Fails),
            ]
        }
    })
}

/// Greater than (or equal to, by `last`).
fn above(high: Step, low: Step, v_high: u32, last: u32, v_low: u32) -> Vec<Step> {
    vec![
        high,
        Step::Compare(libc::BPF_JGT, v_high, Way::Holds, Way::On),
        Step::Compare(libc::BPF_JEQ, v_high, Way::On, Way::Fails),
        low,
        Step::Compare(last, v_low, Way::On, Way::Fails),
    ]
}

/// The opposite of [`above`].
fn below(high: Step, low: Step, v_high: u32, last: u32, v_low: u32) -> Vec<Step> {
    vec![
        high,
        Step::Compare(libc::BPF_JGT, v_high, Way::Fails, Way::On),
        Step::Compare(libc::BPF_JEQ, v_high, Way::On, Way::Holds),
        low,
        Step::Compare(last, v_low, Way::Fails, Way::On),
    ]
}

fn halves(value: u64) -> (u32, u32) {
    let bytes = value.to_be_bytes();
    let word =
        |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    (word(0), word(4))
}
