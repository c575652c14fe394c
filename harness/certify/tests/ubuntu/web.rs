//! A proxy that answers for the hosts behind it itself, with and without encryption.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use camino::Utf8PathBuf;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use testkit::{Answer, Request};

/// What answers below an address.
pub(crate) enum Site {
    /// The files of a folder.
    Folder(Utf8PathBuf),
    /// One document under any path below, with this version.
    Document(String, Vec<u8>),
    /// Nothing but this status.
    Status(u16),
    /// The way to the same path below another address.
    Elsewhere(String),
}

/// One request that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The whole address.
    pub(crate) url: String,
    /// The header `Authorization`.
    pub(crate) authorization: Option<String>,
    /// The header `If-None-Match`.
    pub(crate) version: Option<String>,
    /// The status of the answer.
    pub(crate) status: u16,
}

/// Runs until the test ends.
pub(crate) struct Web {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    sites: Mutex<Vec<(String, Site)>>,
    asked: Mutex<Vec<Asked>>,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Web {
    pub(crate) fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let shared = Arc::new(Shared {
            sites: Mutex::default(),
            asked: Mutex::default(),
            authority: CertifiedIssuer::self_signed(parameters, key).unwrap(),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let for_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let shared = Arc::clone(&for_thread);
                // A client that goes away is its own matter.
                std::thread::spawn(move || drop(shared.proxy(connection)));
            }
        });
        Self { port, shared }
    }

    /// The value of the proxy variables.
    pub(crate) fn proxy(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The certificate of the authority that all encrypted hosts show.
    pub(crate) fn authority(&self) -> String {
        self.shared.authority.pem()
    }

    /// Lets `site` answer for everything below `address`, in place of what did.
    pub(crate) fn serve(&self, address: &str, site: Site) {
        let mut sites = self.shared.sites.lock().unwrap();
        sites.retain(|(other, _)| other != address);
        sites.push((address.to_owned(), site));
    }

    /// What was asked for since the last look.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.shared.asked.lock().unwrap())
    }
}

impl Shared {
    fn proxy(&self, mut connection: TcpStream) -> std::io::Result<()> {
        let Some(request) = Request::read(&mut connection)? else {
            return Ok(());
        };
        if request.method != "CONNECT" {
            let url = request.path.clone();
            return self.answer(&request, &url, &mut connection);
        }
        connection.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
        let host = request.path.split(':').next().unwrap().to_owned();
        let session = ServerConnection::new(self.config(&host)).unwrap();
        let mut stream = StreamOwned::new(session, connection);
        let Some(request) = Request::read(&mut stream)? else {
            return Ok(());
        };
        let url = format!("https://{host}{}", request.path);
        self.answer(&request, &url, &mut stream)?;
        stream.conn.send_close_notify();
        stream.flush()
    }

    /// A certificate for `host`.
    fn config(&self, host: &str) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = parameters.signed_by(&key, &self.authority).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate.der().clone()], key);
        Arc::new(config.unwrap())
    }

    fn answer(
        &self,
        request: &Request,
        url: &str,
        stream: &mut (impl Read + Write),
    ) -> std::io::Result<()> {
        let answer = self.find(request, url);
        self.asked.lock().unwrap().push(Asked {
            url: url.to_owned(),
            authorization: request.header("authorization").map(str::to_owned),
            version: request.header("if-none-match").map(str::to_owned),
            status: answer.status,
        });
        answer.head(stream)?;
        stream.write_all(&answer.body)?;
        stream.flush()
    }

    fn find(&self, request: &Request, url: &str) -> Answer {
        let sites = self.sites.lock().unwrap();
        let below = |(base, _): &&(String, Site)| {
            let rest = url.strip_prefix(base.as_str());
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let Some((base, site)) = sites.iter().find(below) else {
            return Answer::of(502);
        };
        let rest = &url[base.len() + 1..];
        match site {
            Site::Folder(folder) => match std::fs::read(folder.join(rest)) {
                Ok(bytes) => Answer::of(200).body(bytes),
                Err(_) => Answer::of(404),
            },
            Site::Document(version, _)
                if request.header("if-none-match") == Some(version.as_str()) =>
            {
                Answer::of(304)
            }
            Site::Document(version, bytes) => {
                let answer = Answer::of(200).with("etag", version.clone());
                answer.body(bytes.clone())
            }
            Site::Status(status) => Answer::of(*status),
            Site::Elsewhere(to) => Answer::of(302).with("location", format!("{to}/{rest}")),
        }
    }
}
