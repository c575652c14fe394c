//! Encrypted, against a real server: who is believed, and who this program is.

use std::path::Path;

use model::Arch;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use registry::{Client, Fault, Reference, RegistryError, Trust, Wanted};
use testkit::ServedRegistry;

use crate::scene::{files, image, settings};
use crate::served::started;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for `name` and its key.
fn signed(by: &Authority, name: &str, use_: ExtendedKeyUsagePurpose) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
    parameters.extended_key_usages = vec![use_];
    let certificate = parameters.signed_by(&key, by).unwrap();
    (certificate.pem(), key.serialize_pem())
}

fn of_server(by: &Authority, name: &str) -> (String, String) {
    signed(by, name, ExtendedKeyUsagePurpose::ServerAuth)
}

/// Pushes an image and pulls it back, believing what `put` puts into the host's folder.
async fn round_trip(served: &ServedRegistry, put: impl FnOnce(&Path)) -> Result<(), RegistryError> {
    let work = tempfile::tempdir().unwrap();
    let folder = work.path().join(served.host());
    fs_err::create_dir(&folder).unwrap();
    put(&folder);
    let mut settings = settings();
    settings.trust = Trust::of_folder(work.path());
    let client = Client::new(settings).unwrap();
    let (from, to) = (work.path().join("from"), work.path().join("to"));
    image(&from, Arch::Amd64);
    let reference: Reference = format!("{}/app:1", served.host()).parse().unwrap();
    client.push(&from, &reference).await?;
    client
        .pull(&reference, Wanted::Whole, &to, Some("app"))
        .await?;
    assert_eq!(files(&from), files(&to));
    Ok(())
}

fn put(folder: &Path, name: &str, text: &str) {
    fs_err::write(folder.join(name), text).unwrap();
}

#[tokio::test]
async fn a_registry_is_believed_by_its_authority_alone() {
    let (own, other) = (authority(), authority());
    let (certificate, key) = of_server(&own, "127.0.0.1");
    let served = ServedRegistry::encrypted((&certificate, &key), None);
    let Some(served) = started("encryption", served) else {
        return;
    };
    let trusted = round_trip(&served, |folder| put(folder, "ca.crt", &own.pem()));
    trusted.await.unwrap();
    let wrong = round_trip(&served, |folder| put(folder, "ca.crt", &other.pem()));
    let wrong = wrong.await.unwrap_err();
    assert!(matches!(*wrong.fault, Fault::Untrusted { .. }), "{wrong}");
    assert!(wrong.to_string().contains("certs.d"), "{wrong}");
    let nobody = round_trip(&served, |_| ()).await.unwrap_err();
    assert!(matches!(*nobody.fault, Fault::Untrusted { .. }), "{nobody}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_believed() {
    let own = authority();
    let (certificate, key) = of_server(&own, "reg.example");
    let served = ServedRegistry::encrypted((&certificate, &key), None);
    let Some(served) = started("another name", served) else {
        return;
    };
    let error = round_trip(&served, |folder| put(folder, "ca.crt", &own.pem()));
    let error = error.await.unwrap_err();
    assert!(matches!(*error.fault, Fault::Untrusted { .. }), "{error}");
    assert!(error.to_string().contains("reg.example"), "{error}");
}

#[tokio::test]
async fn a_registry_that_asks_who_comes_is_shown_a_certificate() {
    let own = authority();
    let (certificate, key) = of_server(&own, "127.0.0.1");
    let served = ServedRegistry::encrypted((&certificate, &key), Some(&own.pem()));
    let Some(served) = started("a client's certificate", served) else {
        return;
    };
    let (shown, secret) = signed(&own, "me.example", ExtendedKeyUsagePurpose::ClientAuth);
    let shown = round_trip(&served, |folder| {
        put(folder, "ca.crt", &own.pem());
        put(folder, "client.cert", &shown);
        put(folder, "client.key", &secret);
    });
    shown.await.unwrap();
    let nobody = round_trip(&served, |folder| put(folder, "ca.crt", &own.pem()));
    let nobody = nobody.await.unwrap_err();
    assert!(matches!(*nobody.fault, Fault::Untrusted { .. }), "{nobody}");
}
