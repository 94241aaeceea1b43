//! The secret of a deployment, and the keys derived from it.

use std::io::Write;
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::MacKey;
use crate::clock;
use crate::config::Secret;

const KEY_LEN: usize = 32;

/// Encrypts private keys and other secrets, and provides the other keys of the deployment. Each use has its own key,
/// which is derived (HKDF-SHA256, RFC 5869) from the deployment's secret.
pub struct Vault {
    root: hkdf::Prk,
}

/// Why the vault can't be opened, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file can't be read or written.
    #[error("the key file {} can't be used ({error}); make its folder writable for the user that runs keepopen, or set tokens.encryption_key", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason why it can't be used.
        error: std::io::Error,
    },
    /// The key is not 32 bytes in base64.
    #[error("the encryption key is not 32 bytes in base64; create one with: openssl rand -base64 32")]
    Shape,
    /// The file is missing, but the database was written with its key.
    #[error(
        "the key file {} is missing, but the database was written with it: restore it from its backup, or set tokens.encryption_key to the key. No new key was created, because it could not decrypt what is in the database", .0.display()
    )]
    Missing(PathBuf),
    /// Users other than the file's owner can access it.
    #[error("the key file {} can be read by others; run: chmod 600 {}", .0.display(), .0.display())]
    ReadableByOthers(PathBuf),
}

/// The length of a derived key, in the form that the HKDF library needs.
struct Length;
impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        KEY_LEN
    }
}

impl Vault {
    /// Opens the vault with the configured key. If none is configured, uses the key file, and creates it (mode 0600) if
    /// it does not exist.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub fn open(configured: &Secret, file: &Path) -> Result<Self, VaultError> {
        if let Some(vault) = Self::open_existing(configured, file)? {
            return Ok(vault);
        }
        make_file(file).map_err(|error| VaultError::File { path: file.to_owned(), error })?;
        Self::open_existing(configured, file)?.ok_or_else(|| VaultError::Missing(file.to_owned()))
    }

    /// Opens the vault with the configured key. If none is configured, uses the key file, and returns `None` if that
    /// does not exist.
    ///
    /// # Errors
    /// See [`VaultError`].
    pub fn open_existing(configured: &Secret, file: &Path) -> Result<Option<Self>, VaultError> {
        if !configured.is_empty() {
            return Self::from_base64(configured.expose()).map(Some);
        }
        let failed = |error| VaultError::File { path: file.to_owned(), error };
        if !file.try_exists().map_err(failed)? {
            return Ok(None);
        }
        check_mode(file)?;
        Self::from_base64(&std::fs::read_to_string(file).map_err(failed)?).map(Some)
    }

    fn from_base64(text: &str) -> Result<Self, VaultError> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| VaultError::Shape)?;
        if bytes.len() != KEY_LEN {
            return Err(VaultError::Shape);
        }
        Ok(Self { root: hkdf::Salt::new(hkdf::HKDF_SHA256, b"keepopen").extract(&bytes) })
    }

    /// The key that signs attributions.
    pub fn attribution_key(&self) -> MacKey {
        MacKey::new(&self.derive(b"attribution"))
    }

    /// The key that signs previews.
    pub fn preview_key(&self) -> MacKey {
        MacKey::new(&self.derive(b"previews"))
    }

    /// The key from which the ids of tokens are derived.
    pub fn token_id_key(&self) -> MacKey {
        MacKey::new(&self.derive(b"token ids"))
    }

    /// The key that authenticates the last-good file, which contains the saved snapshot (`store/last_good.rs`).
    pub fn last_good_key(&self) -> MacKey {
        MacKey::new(&self.derive(b"last good"))
    }

    /// The key that signs the ledger's seals, which are digests of its entries. [`Self::seal`] is unrelated: it
    /// encrypts.
    pub fn seal_key(&self) -> MacKey {
        MacKey::new(&self.derive(b"seals of the books"))
    }

    /// The key from which supporter ids are derived.
    pub fn supporter_key(&self) -> MacKey {
        MacKey::new(&self.derive(b"supporter ids"))
    }

    /// Encrypts and authenticates `secret` (AES-256-GCM). Returns the nonce, the ciphertext and the tag, in this order.
    pub fn seal(&self, secret: &[u8], label: &str) -> Vec<u8> {
        let mut sealed = secret.to_vec();
        let nonce = self
            .cipher()
            .seal_in_place_append_tag(Aad::from(label), &mut sealed)
            .expect("a short secret must be encryptable");
        let mut out = nonce.as_ref().to_vec();
        out.append(&mut sealed);
        out
    }

    /// Decrypts what [`Vault::seal`] encrypted with the same label. Returns `None` if another key was used, or if the
    /// data was changed.
    pub fn unseal(&self, sealed: &[u8], label: &str) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut rest = rest.to_vec();
        let plain = self.cipher().open_in_place(nonce, Aad::from(label), &mut rest).ok()?;
        Some(plain.to_vec())
    }

    /// Encrypts `secret` like [`Vault::seal`]. Returns the result as base64url.
    pub fn seal_secret(&self, secret: &Secret, label: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.seal(secret.expose().as_bytes(), label))
    }

    /// Decrypts what [`Vault::seal_secret`] encrypted with the same label.
    pub fn unseal_secret(&self, sealed: &str, label: &str) -> Option<Secret> {
        let plain = self.unseal(&URL_SAFE_NO_PAD.decode(sealed).ok()?, label)?;
        Some(Secret::from(std::str::from_utf8(&plain).ok()?))
    }

    fn cipher(&self) -> RandomizedNonceKey {
        RandomizedNonceKey::new(&AES_256_GCM, &self.derive(b"private keys at rest"))
            .expect("the derived key must have the cipher's length")
    }

    /// Derives the key for one use. `label` names the use.
    fn derive(&self, label: &[u8]) -> [u8; KEY_LEN] {
        let mut key = [0; KEY_LEN];
        self.root
            .expand(&[label], Length)
            .and_then(|okm| okm.fill(&mut key))
            .expect("HKDF-SHA256 must be able to derive 32 bytes");
        key
    }
}

/// Creates the key file atomically. A process that dies in the middle leaves no partial key file. If another process
/// has already created the file, that file is kept.
fn make_file(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    // On unix, a temporary file is created with mode 0600, so others can never read the key.
    let mut temporary =
        tempfile::Builder::new().prefix("keepopen-key-").suffix(".new").tempfile_in(folder)?;
    writeln!(temporary, "{}", STANDARD.encode(clock::random_bytes::<KEY_LEN>()))?;
    temporary.as_file().sync_all()?;
    // The umask may have removed permissions of the owner (it can't add any), so the mode is set again.
    #[cfg(unix)]
    temporary.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    match temporary.persist_noclobber(file) {
        Ok(_) => {}
        Err(existing) if existing.error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(failed) => return Err(failed.error),
    }
    // A rename is durable only once the folder is synced. This is possible on unix only.
    #[cfg(unix)]
    std::fs::File::open(folder)?.sync_all()?;
    Ok(())
}

#[cfg(unix)]
fn check_mode(file: &Path) -> Result<(), VaultError> {
    use std::os::unix::fs::PermissionsExt;
    let failed = |error| VaultError::File { path: file.to_owned(), error };
    let mode = std::fs::metadata(file).map_err(failed)?.permissions().mode();
    if mode & 0o077 == 0 { Ok(()) } else { Err(VaultError::ReadableByOthers(file.to_owned())) }
}

#[cfg(not(unix))]
fn check_mode(_: &Path) -> Result<(), VaultError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_file_is_created_once_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new/keepopen.key");
        let sealed = Vault::open(&Secret::default(), &file).unwrap().seal(b"secret", "a");
        let again = Vault::open(&Secret::default(), &file).unwrap();
        assert_eq!(again.unseal(&sealed, "a").as_deref(), Some(&b"secret"[..]));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
            assert!(matches!(Vault::open(&Secret::default(), &file), Err(VaultError::ReadableByOthers(_))));
        }
    }

    #[test]
    fn processes_that_start_at_the_same_time_use_the_same_key() {
        for _ in 0..50 {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("new/keepopen.key");
            let open = || Vault::open(&Secret::default(), &file).unwrap().seal(b"secret", "a");
            let sealed = std::thread::scope(|threads| {
                let opening: Vec<_> = std::iter::repeat_with(|| threads.spawn(open)).take(4).collect();
                opening.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
            });
            let vault = Vault::open(&Secret::default(), &file).unwrap();
            assert!(sealed.iter().all(|it| vault.unseal(it, "a").is_some()));
            let files = std::fs::read_dir(folder.path().join("new")).unwrap().count();
            assert_eq!(files, 1, "the folder must contain only the key file");
        }
    }

    #[test]
    fn sealed_data_opens_only_if_unchanged_and_with_the_same_key_and_label() {
        let key = |byte: u8| Secret::from(STANDARD.encode([byte; 32]).as_str());
        let vault = |byte| Vault::open(&key(byte), Path::new("/nonexistent/never")).unwrap();
        let mut sealed = vault(1).seal(b"secret", "a");
        assert!(vault(1).unseal(&sealed, "a").is_some());
        assert!(vault(2).unseal(&sealed, "a").is_none());
        assert!(vault(1).unseal(&sealed, "b").is_none());
        let last = sealed.len() - 1;
        sealed[last] ^= 1;
        assert!(vault(1).unseal(&sealed, "a").is_none());
        assert!(vault(1).unseal(&[], "a").is_none());
    }

    #[test]
    fn a_sealed_secret_opens_only_with_its_own_label() {
        let key = Secret::from(STANDARD.encode([1; 32]).as_str());
        let vault = Vault::open(&key, Path::new("/nonexistent/never")).unwrap();
        let sealed = vault.seal_secret(&Secret::from("whsec_a"), "we_1");
        assert_eq!(vault.unseal_secret(&sealed, "we_1").unwrap().expose(), "whsec_a");
        assert!(!sealed.contains("whsec") && vault.unseal_secret(&sealed, "we_2").is_none());
    }

    #[test]
    fn a_malformed_key_is_rejected() {
        for text in ["short", "AAAA", "not base64 !!"] {
            let opened = Vault::open(&Secret::from(text), Path::new("/nonexistent/never"));
            assert!(matches!(opened, Err(VaultError::Shape)), "{text}");
        }
    }
}
