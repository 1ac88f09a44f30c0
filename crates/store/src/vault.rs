//! Secrets at rest: sealed with AES-256-GCM-SIV under a master key that the operator holds.
//!
//! A sealed value is bound to the table, row and column it stands in, so it opens nowhere else. Reading the
//! key's file is the caller's business.

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use zeroize::Zeroizing;

/// Format byte of what [`Vault::seal`] writes.
const VERSION: u8 = 1;
const KEY_ID: usize = 4;
const NONCE: usize = 12;

/// A 256-bit key that seals secrets. Does not print.
pub struct MasterKey(SecretBox<[u8; 32]>);

/// The text is not a master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a master key is 64 hexadecimal digits on a line")]
pub struct MasterKeyError;

impl MasterKey {
    /// A key from 32 random bytes.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(bytes)))
    }

    /// Reads the form that [`to_hex`](Self::to_hex) writes.
    pub fn from_hex(text: &str) -> Result<Self, MasterKeyError> {
        let digits = text.trim().as_bytes();
        let mut bytes = Zeroizing::new([0; 32]);
        if digits.len() != 64 {
            return Err(MasterKeyError);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| MasterKeyError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| MasterKeyError)?;
        }
        Ok(Self::from_random(*bytes))
    }

    /// The key as 64 hexadecimal digits, to be written to the operator's key file.
    pub fn to_hex(&self) -> SecretString {
        let digits: String = self.0.expose_secret().iter().map(|byte| format!("{byte:02x}")).collect();
        SecretString::from(digits)
    }

    /// Tells keys apart without revealing them.
    fn id(&self) -> [u8; KEY_ID] {
        let hash = xxhash_rust::xxh3::xxh3_64(self.0.expose_secret());
        let [a, b, c, d, ..] = hash.to_be_bytes();
        [a, b, c, d]
    }

    fn cipher(&self) -> Aes256GcmSiv {
        Aes256GcmSiv::new(self.0.expose_secret().into())
    }
}

/// A secret as it is stored. Safe to print: it is ciphertext, but nobody gains by it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sealed(pub(crate) Vec<u8>);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// Why a secret could not be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Sealed under a key that is not among ours.
    #[error("the secret was sealed under another master key: give back the key file it was made with")]
    OtherKey,
    /// Changed, cut, or moved from another row.
    #[error("the sealed secret is damaged or stands in a row it was not made for")]
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

/// Where a secret stands: it opens only there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) table: &'a str,
    pub(crate) column: &'a str,
    pub(crate) row: &'a str,
}

/// Seals and opens secrets. The first key seals; the others only open what was sealed before a rotation.
pub struct Vault {
    keys: Vec<MasterKey>,
}

impl Vault {
    /// A vault with its primary key, and the keys it replaced.
    pub fn new(primary: MasterKey, former: impl IntoIterator<Item = MasterKey>) -> Self {
        Self { keys: std::iter::once(primary).chain(former).collect() }
    }

    /// Seals `secret` for `place` under the primary key, with a nonce of twelve random bytes.
    pub(crate) fn seal(
        &self,
        secret: &SecretString,
        place: Place<'_>,
        nonce: [u8; NONCE],
    ) -> Result<Sealed, VaultError> {
        let key = &self.keys[0];
        let id = key.id();
        let aad = associated_data(place, id);
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: &aad };
        let ciphertext =
            key.cipher().encrypt(&Nonce::from(nonce), payload).map_err(|_| VaultError::Damaged)?;
        Ok(Sealed([&[VERSION][..], &id, &nonce, &ciphertext].concat()))
    }

    /// Opens what was sealed for `place`.
    pub(crate) fn open(&self, sealed: &Sealed, place: Place<'_>) -> Result<SecretString, VaultError> {
        let (&version, rest) = sealed.0.split_first().ok_or(VaultError::Damaged)?;
        let (id, rest) = rest.split_first_chunk::<KEY_ID>().ok_or(VaultError::Damaged)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(VaultError::Damaged)?;
        if version != VERSION {
            return Err(VaultError::Damaged);
        }
        let key = self.keys.iter().find(|key| key.id() == *id).ok_or(VaultError::OtherKey)?;
        let aad = associated_data(place, *id);
        let payload = Payload { msg: ciphertext, aad: &aad };
        let secret = key.cipher().decrypt(&Nonce::from(*nonce), payload).map_err(|_| VaultError::Damaged)?;
        let secret = Zeroizing::new(secret);
        let secret = std::str::from_utf8(&secret).map_err(|_| VaultError::Damaged)?;
        Ok(SecretString::from(secret))
    }
}

fn associated_data(place: Place<'_>, key: [u8; KEY_ID]) -> Vec<u8> {
    let Place { table, column, row } = place;
    let mut data = Vec::new();
    for part in [table.as_bytes(), column.as_bytes(), row.as_bytes(), &key] {
        data.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        data.extend_from_slice(part);
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place { table: "linked_accounts", column: "api_key", row: "acct_1" };

    fn sealed(vault: &Vault) -> Sealed {
        vault.seal(&SecretString::from("s3cret"), PLACE, [5; NONCE]).unwrap()
    }

    #[test]
    fn opens_only_in_its_place_and_undamaged() {
        let vault = Vault::new(MasterKey::from_random([1; 32]), []);
        let sealed = sealed(&vault);
        assert_eq!(vault.open(&sealed, PLACE).unwrap().expose_secret(), "s3cret");
        let elsewhere = Place { row: "acct_2", ..PLACE };
        assert_eq!(vault.open(&sealed, elsewhere).unwrap_err(), VaultError::Damaged);
        for at in 0..sealed.0.len() {
            let mut broken = sealed.clone();
            broken.0[at] ^= 1;
            assert!(vault.open(&broken, PLACE).is_err(), "byte {at}");
            assert!(vault.open(&Sealed(sealed.0[..at].to_vec()), PLACE).is_err());
        }
        assert!(!sealed.0.windows(6).any(|window| window == b"s3cret"));
    }

    #[test]
    fn a_rotated_key_still_opens_and_a_strange_one_says_so() {
        let sealed = sealed(&Vault::new(MasterKey::from_random([1; 32]), []));
        let rotated = Vault::new(MasterKey::from_random([2; 32]), [MasterKey::from_random([1; 32])]);
        assert!(rotated.open(&sealed, PLACE).is_ok());
        let strange = Vault::new(MasterKey::from_random([3; 32]), []);
        assert_eq!(strange.open(&sealed, PLACE).unwrap_err(), VaultError::OtherKey);
    }

    #[test]
    fn a_key_reads_back_from_its_file_form() {
        let key = MasterKey::from_random([0xab; 32]);
        let again = MasterKey::from_hex(key.to_hex().expose_secret()).unwrap();
        assert_eq!(again.id(), key.id());
        assert!(MasterKey::from_hex("abc").is_err());
        assert!(MasterKey::from_hex(&"zz".repeat(32)).is_err());
    }
}
