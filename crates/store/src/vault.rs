//! Secrets at rest: sealed with AES-256-GCM-SIV under a master key that the operator holds.
//!
//! A sealed value is bound to its table, row and column, so it can't be opened elsewhere. The API key of a
//! linked account is also bound to the host that it is sent to: changing the host in the database does not
//! send the key to another host. The columns with sealed values are listed here; resealing them under another
//! key is in `resealing`. The caller reads the key file.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Format byte that [`Vault::seal`] writes.
pub(crate) const VERSION: u8 = 2;
/// Format byte of previous versions, whose values are bound to table, column and row only.
// They open until the next start has resealed them (`resealing`), and for processes of the previous version.
const UNBOUND: u8 = 1;
const KEY_ID: usize = 4;
const NONCE: usize = 12;

/// A 256-bit key that seals secrets. `Debug` does not print it.
pub struct MasterKey(SecretBox<[u8; 32]>);

/// The text is not a master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a master key must be 64 hexadecimal digits on a line")]
pub struct MasterKeyError;

impl MasterKey {
    /// A key from 32 random bytes.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// Parses the form that [`to_hex`](Self::to_hex) writes.
    pub fn from_hex(text: &str) -> Result<Self, MasterKeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), &mut *bytes).map_err(|_| MasterKeyError)?;
        Ok(Self::from_random(*bytes))
    }

    /// The key as 64 hexadecimal digits, for the operator's key file.
    pub fn to_hex(&self) -> SecretString {
        SecretString::from(hex::encode(self.0.expose_secret()))
    }

    /// Identifies the key without revealing it.
    pub fn fingerprint(&self) -> KeyFingerprint {
        let hash = xxhash_rust::xxh3::xxh3_64(self.0.expose_secret());
        let [a, b, c, d, ..] = hash.to_be_bytes();
        KeyFingerprint([a, b, c, d])
    }

    fn cipher(&self) -> Aes256GcmSiv {
        Aes256GcmSiv::new(self.0.expose_secret().into())
    }
}

/// Identifies a master key. Stored with each sealed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyFingerprint(pub(crate) [u8; KEY_ID]);

impl fmt::Display for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl serde::Serialize for KeyFingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A sealed secret as stored. Printing it would be safe, since it is ciphertext, but of no use.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sealed(pub(crate) Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// Errors of sealing or opening a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Sealed under a key that this vault does not have.
    #[error("the secret was sealed under another master key; restore the key file that it was sealed with")]
    OtherKey,
    /// Changed, cut, or moved from another row.
    #[error("the sealed secret is damaged or was moved from another row")]
    Damaged,
}

impl VaultError {
    /// The stable code that API, CLI and docs share.
    pub fn code(self) -> &'static str {
        match self {
            Self::OtherKey => "vault.other_key",
            Self::Damaged => "vault.damaged",
        }
    }
}

/// A column of sealed values. Locations are created from these only, so that key rotation covers all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SealedColumn {
    /// The API key of a linked account.
    AccountKey,
    /// The API key that was entered in a linking flow.
    FlowKey,
    /// The credential of a destination: the signing secret of a webhook endpoint, or the bearer token of a
    /// SCIM service.
    Credential,
    /// The previous credential of a destination.
    PreviousCredential,
    /// The secret that a customer's Lucca signs its webhooks with.
    SigningSecret,
    /// The previous secret of a customer's Lucca.
    PreviousSigningSecret,
    /// The stored answer to a named request.
    Answer,
}

impl SealedColumn {
    pub(crate) const ALL: [Self; 7] = [
        Self::AccountKey,
        Self::FlowKey,
        Self::Credential,
        Self::PreviousCredential,
        Self::SigningSecret,
        Self::PreviousSigningSecret,
        Self::Answer,
    ];

    /// Its table and name.
    pub(crate) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::AccountKey => ("linked_accounts", "api_key"),
            Self::FlowKey => ("link_flows", "api_key"),
            Self::Credential => ("destinations", "credential"),
            Self::PreviousCredential => ("destinations", "previous_credential"),
            Self::SigningSecret => ("inbound_webhooks", "signing_secret"),
            Self::PreviousSigningSecret => ("inbound_webhooks", "previous_signing_secret"),
            Self::Answer => ("idempotency_keys", "answer"),
        }
    }

    /// The table and column that a row's sealed value is bound to. Credentials of webhook endpoints and SCIM
    /// services were sealed for tables of their own, and SQL, which moved them, can't reseal.
    fn bound_names(self, row: &str) -> (&'static str, &'static str) {
        match self {
            Self::Credential if row.starts_with("whe_") => ("webhook_endpoints", "secret"),
            Self::PreviousCredential if row.starts_with("whe_") => ("webhook_endpoints", "previous_secret"),
            Self::Credential if row.starts_with("scim_") => ("scim_targets", "token"),
            column => column.names(),
        }
    }

    /// Returns a secret's location in this column: by the row's id, or by its hash in hexadecimal digits.
    pub(crate) fn of(self, row: &str) -> SecretLocation<'_> {
        SecretLocation { column: self, row, origin: "" }
    }

    /// The column of the same row that its values are bound to as well.
    pub(crate) fn bound_to(self) -> Option<&'static str> {
        (self == Self::AccountKey).then_some("origin")
    }
}

/// Location of a secret, which can't be opened elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SecretLocation<'a> {
    column: SealedColumn,
    row: &'a str,
    /// The origin that the secret is sent to, for a column that is bound to it; otherwise empty.
    origin: &'a str,
}

impl<'a> SecretLocation<'a> {
    /// Returns the location of a secret that is sent to `origin` only.
    pub(crate) fn for_origin(self, origin: &'a str) -> Self {
        Self { origin, ..self }
    }
}

type Reread = Box<dyn Fn() -> Option<Vec<MasterKey>> + Send + Sync>;

/// Seals and opens secrets. The first key seals. The others only open: secrets sealed before a rotation, or
/// by processes that already have a newer key.
pub struct Vault {
    keys: RwLock<Arc<[MasterKey]>>,
    reread: Option<Reread>,
}

impl Vault {
    /// A vault with its primary key, and keys that only open.
    pub fn new(primary: MasterKey, others: impl IntoIterator<Item = MasterKey>) -> Self {
        Self { keys: RwLock::new(std::iter::once(primary).chain(others).collect()), reread: None }
    }

    /// Makes a long-running process follow rotations: it rereads its keys, of which the first seals, before
    /// it seals and when no key opens a secret. If none can be read, it keeps the current ones.
    #[must_use]
    pub fn following(self, reread: impl Fn() -> Option<Vec<MasterKey>> + Send + Sync + 'static) -> Self {
        Self { reread: Some(Box::new(reread)), ..self }
    }

    /// Returns the fingerprint of the key that seals.
    pub fn primary(&self) -> KeyFingerprint {
        self.keys()[0].fingerprint()
    }

    /// Derives a secret from the primary key, `purpose` and `subject`. Every process that holds the key
    /// derives the same one, so it need not be stored.
    pub fn derive(&self, purpose: &str, subject: &str) -> [u8; 32] {
        // HMAC fills a shorter key up to its block of 64 bytes with zeroes.
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(self.keys()[0].0.expose_secret());
        let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
        mac.update(&u64::try_from(purpose.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(purpose.as_bytes());
        mac.update(subject.as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn keys(&self) -> Arc<[MasterKey]> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn reread_keys(&self) -> Arc<[MasterKey]> {
        if let Some(keys) = self.reread.as_ref().and_then(|reread| reread()).filter(|keys| !keys.is_empty()) {
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys.into();
        }
        self.keys()
    }

    /// Seals `secret` for `location` under the primary key, with a nonce of twelve random bytes.
    pub(crate) fn seal(
        &self,
        secret: &SecretString,
        location: SecretLocation<'_>,
        nonce: [u8; NONCE],
    ) -> Result<Sealed, VaultError> {
        let keys = self.reread_keys();
        let key = &keys[0];
        let KeyFingerprint(id) = key.fingerprint();
        let aad = associated_data(VERSION, location, id);
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: &aad };
        let ciphertext =
            key.cipher().encrypt(&Nonce::from(nonce), payload).map_err(|_| VaultError::Damaged)?;
        Ok(Sealed([&[VERSION][..], &id, &nonce, &ciphertext].concat()))
    }

    /// Opens a secret that was sealed for `location`.
    pub(crate) fn open(
        &self,
        sealed: &Sealed,
        location: SecretLocation<'_>,
    ) -> Result<SecretString, VaultError> {
        let (&version, rest) = sealed.0.split_first().ok_or(VaultError::Damaged)?;
        let (id, rest) = rest.split_first_chunk::<KEY_ID>().ok_or(VaultError::Damaged)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(VaultError::Damaged)?;
        if version != VERSION && version != UNBOUND {
            return Err(VaultError::Damaged);
        }
        let has_fingerprint = |key: &&MasterKey| key.fingerprint().0 == *id;
        let mut keys = self.keys();
        if !keys.iter().any(|key| has_fingerprint(&key)) {
            keys = self.reread_keys();
        }
        let key = keys.iter().find(has_fingerprint).ok_or(VaultError::OtherKey)?;
        let aad = associated_data(version, location, *id);
        let payload = Payload { msg: ciphertext, aad: &aad };
        let secret = key.cipher().decrypt(&Nonce::from(*nonce), payload).map_err(|_| VaultError::Damaged)?;
        let secret = Zeroizing::new(secret);
        let secret = std::str::from_utf8(&secret).map_err(|_| VaultError::Damaged)?;
        Ok(SecretString::from(secret))
    }
}

fn associated_data(version: u8, location: SecretLocation<'_>, key: [u8; KEY_ID]) -> Vec<u8> {
    let (table, column) = location.column.bound_names(location.row);
    let (row, origin) = (location.row, location.origin);
    let mut data = Vec::new();
    let bound: &[&[u8]] = if version == UNBOUND { &[] } else { &[&[VERSION], origin.as_bytes()] };
    let parts = [table.as_bytes(), column.as_bytes(), row.as_bytes(), &key];
    for part in parts.iter().chain(bound) {
        data.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        data.extend_from_slice(part);
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCATION: SecretLocation<'_> =
        SecretLocation { column: SealedColumn::AccountKey, row: "acct_1", origin: "https://acme.ilucca.net" };

    fn sealed(vault: &Vault) -> Sealed {
        vault.seal(&SecretString::from("s3cret"), LOCATION, [5; NONCE]).unwrap()
    }

    #[test]
    fn opens_only_in_its_place_and_undamaged() {
        let vault = Vault::new(MasterKey::from_random([1; 32]), []);
        let sealed = sealed(&vault);
        assert_eq!(vault.open(&sealed, LOCATION).unwrap().expose_secret(), "s3cret");
        let other_host = LOCATION.for_origin("https://evil.example");
        for elsewhere in [SecretLocation { row: "acct_2", ..LOCATION }, other_host, LOCATION.for_origin("")] {
            assert_eq!(vault.open(&sealed, elsewhere).unwrap_err(), VaultError::Damaged);
        }
        for at in 0..sealed.0.len() {
            let mut broken = sealed.clone();
            broken.0[at] ^= 1;
            assert!(vault.open(&broken, LOCATION).is_err(), "byte {at}");
            assert!(vault.open(&Sealed(sealed.0[..at].to_vec()), LOCATION).is_err());
        }
        assert!(!sealed.0.windows(6).any(|window| window == b"s3cret"));
    }

    #[test]
    fn rotated_keys_open_and_unknown_keys_fail() {
        let sealed = sealed(&Vault::new(MasterKey::from_random([1; 32]), []));
        let rotated = Vault::new(MasterKey::from_random([2; 32]), [MasterKey::from_random([1; 32])]);
        assert!(rotated.open(&sealed, LOCATION).is_ok());
        let strange = Vault::new(MasterKey::from_random([3; 32]), []);
        assert_eq!(strange.open(&sealed, LOCATION).unwrap_err(), VaultError::OtherKey);
    }

    #[test]
    fn a_key_reads_back_from_its_file_form() {
        let key = MasterKey::from_random([0xab; 32]);
        let again = MasterKey::from_hex(key.to_hex().expose_secret()).unwrap();
        assert_eq!(again.fingerprint(), key.fingerprint());
        assert!(MasterKey::from_hex("abc").is_err());
        assert!(MasterKey::from_hex(&"zz".repeat(32)).is_err());
    }
    #[test]
    fn running_process_follows_a_rotation() {
        let key = |byte| MasterKey::from_random([byte; 32]);
        let file = Arc::new(std::sync::Mutex::new(vec![1_u8]));
        let read = Arc::clone(&file);
        let running = Vault::new(key(1), []).following(move || {
            let keys = read.lock().unwrap().iter().copied().map(key).collect();
            Some(keys)
        });
        let before = sealed(&running);
        let other = sealed(&Vault::new(key(2), []));
        assert_eq!(running.open(&other, LOCATION).unwrap_err(), VaultError::OtherKey);
        *file.lock().unwrap() = vec![2, 1];
        assert!(running.open(&other, LOCATION).is_ok() && running.open(&before, LOCATION).is_ok());
        assert!(Vault::new(key(2), []).open(&sealed(&running), LOCATION).is_ok());
        *file.lock().unwrap() = Vec::new();
        assert!(running.open(&other, LOCATION).is_ok(), "an empty file is no reason to forget");
    }
}
