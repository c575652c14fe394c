//! Sockets that wait for peers, from `/proc/PID/net`. Source: proc_pid_net(5), kernel
//! `Documentation/networking/proc_net_tcp.rst`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use probe::{Socket, SocketKind};

use super::Gaps;
use crate::target::Pinned;

/// States of the kernel: a listening TCP socket, and a UDP socket without a peer.
const LISTENING: &str = "0A";
const UNCONNECTED: &str = "07";

/// Reads all four tables of the target's network namespace.
pub(crate) fn sockets(target: &Pinned, gaps: &mut Gaps) -> Vec<Socket> {
    let mut sockets = Vec::new();
    for (name, kind) in [
        ("net/tcp", SocketKind::Tcp),
        ("net/tcp6", SocketKind::Tcp6),
        ("net/udp", SocketKind::Udp),
        ("net/udp6", SocketKind::Udp6),
    ] {
        let six = matches!(kind, SocketKind::Tcp6 | SocketKind::Udp6);
        // A kernel without IPv6 has no such table, hence no such socket.
        let absent = six
            && target
                .file(name)
                .is_err_and(|error| error.raw_os_error() == Some(libc::ENOENT));
        if absent && target.file("net/tcp").is_ok() {
            continue;
        }
        sockets.extend(
            gaps.parsed(target, name, |text| table(text, kind))
                .unwrap_or_default(),
        );
    }
    sockets
}

/// Parses one table.
pub(crate) fn table(text: &str, kind: SocketKind) -> Result<Vec<Socket>, String> {
    let wanted = match kind {
        SocketKind::Tcp | SocketKind::Tcp6 => LISTENING,
        SocketKind::Udp | SocketKind::Udp6 => UNCONNECTED,
    };
    let mut sockets = Vec::new();
    for line in text.lines().skip(1) {
        let columns = line.split_whitespace().collect::<Vec<_>>();
        let odd = || format!("a line is `{line}`");
        let state = columns.get(3).ok_or_else(odd)?;
        if *state == wanted {
            sockets.push(socket(&columns, kind).ok_or_else(odd)?);
        }
    }
    Ok(sockets)
}

fn socket(columns: &[&str], kind: SocketKind) -> Option<Socket> {
    let (address, port) = columns.get(1)?.split_once(':')?;
    Some(Socket {
        kind,
        address: match kind {
            SocketKind::Tcp | SocketKind::Udp => IpAddr::V4(Ipv4Addr::from(word(address)?)),
            SocketKind::Tcp6 | SocketKind::Udp6 => IpAddr::V6(six(address)?),
        },
        port: u16::from_str_radix(port, 16).ok()?,
        uid: columns.get(7)?.parse().ok()?,
        inode: columns.get(9)?.parse().ok()?,
    })
}

/// Four bytes in memory order, printed as a number of this machine.
fn word(text: &str) -> Option<[u8; 4]> {
    let number = (text.len() == 8).then(|| u32::from_str_radix(text, 16).ok())??;
    Some(number.to_ne_bytes())
}

fn six(text: &str) -> Option<Ipv6Addr> {
    let mut bytes = [0; 16];
    for (at, four) in bytes.chunks_exact_mut(4).enumerate() {
        four.copy_from_slice(&word(text.get(at * 8..at * 8 + 8)?)?);
    }
    (text.len() == 32).then(|| Ipv6Addr::from(bytes))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::table;
    use probe::SocketKind;

    const HEAD: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when uid\n";
    const TAIL: &str = "00000000:00000000 00:00000000 00000000 65532        0 4242 1 0 100 0";

    #[test]
    fn finds_those_that_wait() {
        let any = u32::from_ne_bytes([127, 0, 0, 1]);
        let text = format!(
            "{HEAD}   0: {any:08X}:1F90 00000000:0000 0A {TAIL}\n\
             \x20  1: {any:08X}:0050 0100007F:1111 01 {TAIL}\n"
        );
        let got = table(&text, SocketKind::Tcp).expect("a table");
        assert_eq!(got.len(), 1);
        assert_eq!(
            (got[0].address.to_string().as_str(), got[0].port),
            ("127.0.0.1", 8080)
        );
        assert_eq!((got[0].uid, got[0].inode), (65532, 4242));
        let last = u32::from_ne_bytes([0, 0, 0, 1]);
        let text = format!(
            "{HEAD}   0: {:024X}{last:08X}:0035 {:032X}:0000 07 {TAIL}\n",
            0, 0
        );
        let got = table(&text, SocketKind::Udp6).expect("a table");
        assert_eq!(
            (got[0].address.to_string().as_str(), got[0].port),
            ("::1", 53)
        );
    }

    #[test]
    fn refuses_odd_lines() {
        for (local, tail) in [
            ("7F:1F90", TAIL),
            ("0100007F:XX", TAIL),
            ("0100007F", TAIL),
            ("0100007F:0050", ""),
        ] {
            let text = format!("{HEAD}   0: {local} 00000000:0000 0A {tail}\n");
            assert!(table(&text, SocketKind::Tcp).is_err(), "{local}");
        }
        assert!(table(&format!("{HEAD}   0: x\n"), SocketKind::Tcp).is_err());
        assert_eq!(table(HEAD, SocketKind::Tcp), Ok(vec![]));
    }
}
