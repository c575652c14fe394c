//! A loopback HTTP server for the files of a folder, with faults on demand.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

/// Serves a folder until dropped.
#[derive(Debug)]
pub struct Server {
    port: u16,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

/// What goes wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This status, without content.
    Status(u16),
    /// All headers, but only so many bytes of the body.
    Truncated(usize),
    /// A body of the right size whose first byte is wrong.
    WrongBytes,
    /// More bytes than there are, without a length.
    TooLong,
    /// The answer comes after so long.
    Slow(Duration),
    /// The connection is closed without an answer.
    Reset,
}

#[derive(Debug)]
struct Shared {
    root: Utf8PathBuf,
    state: Mutex<State>,
    stopping: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// By end of path: the fault, and how many more answers it spoils.
    faults: Vec<(String, Fault, usize)>,
    asked: HashMap<String, usize>,
    stop: bool,
}

impl Server {
    /// Serves the files below `root` on a free port.
    pub fn start(root: &Utf8Path) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            root: root.to_owned(),
            state: Mutex::default(),
            stopping: Condvar::new(),
        });
        let for_thread = Arc::clone(&shared);
        let listener = std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if for_thread.state.lock().unwrap().stop {
                    break;
                }
                let shared = Arc::clone(&for_thread);
                std::thread::spawn(move || {
                    // A client that goes away is its own matter.
                    let _ = shared.answer(connection);
                });
            }
        });
        Self {
            port,
            shared,
            listener: Some(listener),
        }
    }

    /// The address of the folder.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Spoils every answer for paths that end in `path`.
    pub fn spoil(&self, path: &str, fault: Fault) {
        self.spoil_times(path, fault, usize::MAX);
    }

    /// Spoils the next `times` answers for paths that end in `path`.
    pub fn spoil_times(&self, path: &str, fault: Fault, times: usize) {
        let mut state = self.shared.state.lock().unwrap();
        state.faults.push((path.to_owned(), fault, times));
    }

    /// Heals everything.
    pub fn heal(&self) {
        self.shared.state.lock().unwrap().faults.clear();
    }

    /// How often paths that end in `path` were asked for.
    pub fn asked(&self, path: &str) -> usize {
        let state = self.shared.state.lock().unwrap();
        let fits = |(asked, _): &(&String, &usize)| asked.ends_with(path);
        state
            .asked
            .iter()
            .filter(fits)
            .map(|(_, times)| times)
            .sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap().stop = true;
        self.shared.stopping.notify_all();
        // Wakes the listener.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

impl Shared {
    fn answer(&self, mut connection: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(connection.try_clone()?);
        let mut request = String::new();
        lines.read_line(&mut request)?;
        let path = request.split(' ').nth(1).unwrap_or("/").to_owned();
        let mut header = String::new();
        while lines.read_line(&mut header)? > 2 {
            header.clear();
        }
        let fault = self.note(&path);
        let content = fs::read(self.root.join(path.trim_start_matches('/')));
        match (fault, content) {
            (Some(Fault::Reset), _) => Ok(()),
            (Some(Fault::Status(status)), _) => head(&mut connection, status, Some(0)),
            (_, Err(_)) => head(&mut connection, 404, Some(0)),
            (fault, Ok(mut content)) => {
                let length = content.len();
                match fault {
                    Some(Fault::Slow(pause)) => self.pause(pause),
                    Some(Fault::Truncated(keep)) => content.truncate(keep),
                    Some(Fault::WrongBytes) => content[0] ^= 0xff,
                    Some(Fault::TooLong) => {
                        content.push(b'x');
                        head(&mut connection, 200, None)?;
                        return connection.write_all(&content);
                    }
                    _ => {}
                }
                head(&mut connection, 200, Some(length))?;
                connection.write_all(&content)?;
                connection.shutdown(std::net::Shutdown::Write)?;
                // Until the client closes too, so that nothing sent is lost.
                lines.read_to_end(&mut Vec::new()).map(drop)
            }
        }
    }

    /// Counts the request and takes the fault that is meant for it.
    fn note(&self, path: &str) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        *state.asked.entry(path.to_owned()).or_default() += 1;
        let spoilt = state.faults.iter_mut();
        let (_, fault, times) = spoilt
            .into_iter()
            .find(|(end, _, times)| path.ends_with(end.as_str()) && *times > 0)?;
        *times = times.saturating_sub(1);
        Some(*fault)
    }

    /// Waits, unless the server is dropped.
    fn pause(&self, pause: Duration) {
        let state = self.state.lock().unwrap();
        let _ = self
            .stopping
            .wait_timeout_while(state, pause, |state| !state.stop);
    }
}

fn head(connection: &mut TcpStream, status: u16, length: Option<usize>) -> std::io::Result<()> {
    let length = length.map_or(String::new(), |length| {
        format!("Content-Length: {length}\r\n")
    });
    write!(
        connection,
        "HTTP/1.1 {status} Status\r\nConnection: close\r\n{length}\r\n"
    )
}
