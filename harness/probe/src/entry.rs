//! The C entry point: `stamp` goes straight to work, all other verbs get owned arguments.
#![allow(unsafe_code)]

use std::ffi::{CStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStringExt as _;

/// Called by the C library's start code.
///
/// `argv` is the vector that the kernel built: `argc` pointers to C strings, then a null.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[cfg_attr(test, allow(dead_code))]
extern "C" fn main(argc: c_int, argv: *const *const c_char) -> c_int {
    // SAFETY: argv[1] is a C string or the closing null, as argc >= 1 is checked first.
    unsafe {
        if argc >= 1 {
            let verb = *argv.add(1);
            if !verb.is_null() && CStr::from_ptr(verb) == c"stamp" {
                return crate::stamp::run(argv.add(2));
            }
        }
    }
    let count = usize::try_from(argc).unwrap_or(0);
    let arguments = (1..count)
        .map(|at| {
            // SAFETY: at < argc, so argv[at] is a C string that lives as long as the program.
            let text = unsafe { CStr::from_ptr(*argv.add(at)) };
            OsString::from_vec(text.to_bytes().to_vec())
        })
        .collect::<Vec<_>>();
    crate::verbs::run(&arguments)
}
