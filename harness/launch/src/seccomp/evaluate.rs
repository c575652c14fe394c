//! A small interpreter of filter programs, so that tests can ask what the kernel would decide.

use libc::sock_filter;

/// What a filter sees of one call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    /// `AUDIT_ARCH_*`.
    pub(super) arch: u32,
    /// The number.
    pub(super) nr: u32,
    /// The arguments.
    pub(super) args: [u64; 6],
}

/// The program's return value, or why the kernel would not have loaded it.
pub(super) fn evaluate(program: &[sock_filter], call: &Call) -> Result<u32, String> {
    let mut data = [0u8; 64];
    data[0..4].copy_from_slice(&call.nr.to_le_bytes());
    data[4..8].copy_from_slice(&call.arch.to_le_bytes());
    for (i, arg) in call.args.iter().enumerate() {
        data[16 + 8 * i..24 + 8 * i].copy_from_slice(&arg.to_le_bytes());
    }
    let (mut a, mut pc) = (0u32, 0usize);
    loop {
        let at = program.get(pc).ok_or_else(|| format!("fell off at {pc}"))?;
        pc += 1;
        let branch = |yes: bool| usize::from(if yes { at.jt } else { at.jf });
        match u32::from(at.code) {
            c if c == libc::BPF_LD | libc::BPF_W | libc::BPF_ABS => {
                let from = usize::try_from(at.k).map_err(|e| e.to_string())?;
                let word = data.get(from..from + 4).ok_or("load out of range")?;
                a = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
            }
            c if c == libc::BPF_ALU | libc::BPF_AND | libc::BPF_K => a &= at.k,
            c if c == libc::BPF_JMP | libc::BPF_JA => {
                pc += usize::try_from(at.k).map_err(|e| e.to_string())?;
            }
            c if c == libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K => pc += branch(a == at.k),
            c if c == libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K => pc += branch(a > at.k),
            c if c == libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K => pc += branch(a >= at.k),
            c if c == libc::BPF_RET | libc::BPF_K => return Ok(at.k),
            other => return Err(format!("unknown instruction {other:#x}")),
        }
    }
}
