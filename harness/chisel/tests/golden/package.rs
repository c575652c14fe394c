//! Builds the package file of a case byte by byte, oddities included.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::case::{Data, Package};

/// The package file.
pub(crate) fn build(package: &Package) -> Vec<u8> {
    let fault = package.fault.as_deref().unwrap_or_default();
    let mut tar = Vec::new();
    for data in &package.data {
        entry(
            &mut tar,
            data,
            package.tar_format.as_deref().unwrap_or("gnu"),
        );
    }
    if fault == "tar-truncated" {
        tar.truncate(tar.len() - 512 - 256);
    } else {
        tar.extend([0; 1024]);
    }
    let mut control_tar = Vec::new();
    let file = Data {
        path: Some("./control".to_owned()),
        kind: "file".to_owned(),
        content: Some(control(package)),
        ..blank()
    };
    entry(&mut control_tar, &file, "gnu");
    control_tar.extend([0; 1024]);
    let (suffix, packed) = pack(&tar, package.compression.as_deref().unwrap_or("gz"));
    let mut members = vec![
        ("debian-binary".to_owned(), b"2.0\n".to_vec()),
        ("control.tar.gz".to_owned(), pack(&control_tar, "gz").1),
    ];
    if let Some(extra) = &package.extra_member {
        members.push((extra.clone(), b"extra".to_vec()));
    }
    if fault != "no-data-member" {
        members.push((format!("data.tar{suffix}"), packed));
    }
    if let Some(order) = &package.member_order {
        members = order.iter().map(|&at| members[at].clone()).collect();
    }
    let mut ar = b"!<arch>\n".to_vec();
    for (name, bytes) in members {
        let name = if package.ar_slash {
            format!("{name}/")
        } else {
            name
        };
        write!(
            ar,
            "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
            0,
            0,
            0,
            100_644,
            bytes.len()
        )
        .unwrap();
        ar.extend(&bytes);
        if bytes.len() % 2 == 1 {
            ar.push(b'\n');
        }
    }
    match fault {
        "not-an-archive" => b"this is not an archive".to_vec(),
        _ => ar,
    }
}

/// The control paragraph.
pub(crate) fn control(package: &Package) -> String {
    let Package {
        name,
        version,
        arch,
        ..
    } = package;
    format!(
        "Package: {name}\nVersion: {version}\nArchitecture: {arch}\nMaintainer: Nobody \
         <nobody@example.org>\nDescription: test\n"
    )
}

fn blank() -> Data {
    Data {
        path: None,
        path_base64: None,
        kind: String::new(),
        mode: None,
        link: None,
        link_base64: None,
        content: None,
        content_base64: None,
        repeat: None,
        pax: std::collections::BTreeMap::new(),
    }
}

fn pack(bytes: &[u8], compression: &str) -> (&'static str, Vec<u8>) {
    match compression {
        "gz" => {
            let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gz.write_all(bytes).unwrap();
            (".gz", gz.finish().unwrap())
        }
        "zst" => (".zst", zstd::encode_all(bytes, 1).unwrap()),
        "xz" => {
            let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
            xz.write_all(bytes).unwrap();
            (".xz", xz.finish().unwrap())
        }
        "lzma" => (".lzma", b"lzma".to_vec()),
        "bz2" => (".bz2", b"bz2".to_vec()),
        "none" => ("", bytes.to_vec()),
        other => panic!("compression {other}"),
    }
}

fn bytes(text: Option<&String>, base64: Option<&String>) -> Vec<u8> {
    match (text, base64) {
        (_, Some(base64)) => STANDARD.decode(base64).unwrap(),
        (Some(text), None) => text.clone().into_bytes(),
        (None, None) => Vec::new(),
    }
}

fn entry(tar: &mut Vec<u8>, data: &Data, format: &str) {
    let name = bytes(data.path.as_ref(), data.path_base64.as_ref());
    let link = bytes(data.link.as_ref(), data.link_base64.as_ref());
    let content = bytes(data.content.as_ref(), data.content_base64.as_ref());
    let content = content.repeat(data.repeat.unwrap_or(1));
    let flag = match data.kind.as_str() {
        "file" => b'0',
        "file-old" => 0,
        "hardlink" => b'1',
        "symlink" => b'2',
        "char" => b'3',
        "block" => b'4',
        "dir" => b'5',
        "fifo" => b'6',
        "contiguous" => b'7',
        "pax-global" => b'g',
        other => panic!("type {other}"),
    };
    let mut records: Vec<(String, Vec<u8>)> = data
        .pax
        .iter()
        .map(|(k, v)| (k.clone(), v.clone().into_bytes()))
        .collect();
    if format == "pax" {
        if name.len() > 100 {
            records.push(("path".to_owned(), name.clone()));
        }
        if link.len() > 100 {
            records.push(("linkpath".to_owned(), link.clone()));
        }
    } else {
        for (long, flag) in [(&name, b'L'), (&link, b'K')] {
            if long.len() > 100 {
                let mut text = long.clone();
                text.push(0);
                header(tar, b"././@LongLink", b"", flag, "0644", text.len(), format);
                body(tar, &text);
            }
        }
    }
    if !records.is_empty() {
        let mut text = Vec::new();
        for (key, value) in records {
            let rest = key.len() + value.len() + 3;
            let mut size = rest + rest.to_string().len();
            size = rest + size.to_string().len();
            text.extend(format!("{size} {key}=").into_bytes());
            text.extend(value);
            text.push(b'\n');
        }
        header(
            tar,
            b"./PaxHeaders/x",
            b"",
            b'x',
            "0644",
            text.len(),
            format,
        );
        body(tar, &text);
    }
    let default = if data.kind == "dir" { "0755" } else { "0644" };
    let mode = data.mode.as_deref().unwrap_or(default);
    header(tar, &name, &link, flag, mode, content.len(), format);
    body(tar, &content);
}

fn body(tar: &mut Vec<u8>, content: &[u8]) {
    tar.extend(content);
    tar.resize(tar.len().next_multiple_of(512), 0);
}

fn header(
    tar: &mut Vec<u8>,
    name: &[u8],
    link: &[u8],
    flag: u8,
    mode: &str,
    size: usize,
    format: &str,
) {
    let mut block = [0_u8; 512];
    let mut field = |at: usize, bytes: &[u8], most: usize| {
        let count = bytes.len().min(most);
        block[at..at + count].copy_from_slice(&bytes[..count]);
    };
    field(0, name, 100);
    let mode = u32::from_str_radix(mode, 8).unwrap();
    field(100, format!("{mode:07o}").as_bytes(), 8);
    field(108, b"0000000", 8);
    field(116, b"0000000", 8);
    field(124, format!("{size:011o}").as_bytes(), 12);
    field(136, format!("{:011o}", 1_700_000_000_u64).as_bytes(), 12);
    field(148, b"        ", 8);
    field(156, &[flag], 1);
    field(157, link, 100);
    if format != "v7" {
        field(329, b"0000000", 8);
        field(337, b"0000000", 8);
    }
    match format {
        "v7" => {}
        "gnu" => field(257, b"ustar  \0", 8),
        _ => field(257, b"ustar\x0000", 8),
    }
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    tar.extend(block);
}
