//! Silences a site or one of its surfaces at once, and lets it speak again.

use super::Editor;
use crate::appeals::Switches;
use crate::store::StoreError;
use crate::store::switches::{self, SwitchRow};

/// Why nothing was switched.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// There is no such site.
    #[error("there is no such site; the settings name them")]
    UnknownSite,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Turns a site's switches to what `wanted` makes of them; what they are then.
///
/// # Errors
/// See [`SwitchError`].
pub async fn turn_switches(
    editor: Editor<'_>,
    site: &str,
    wanted: impl FnOnce(&mut Switches),
) -> Result<Switches, SwitchError> {
    if !editor.sites.contains_key(site) {
        return Err(SwitchError::UnknownSite);
    }
    let mut tx = editor.store.begin().await?;
    let rows = switches::of_site(&mut tx, site).await?;
    let now = switches::by_site(&rows).map_err(StoreError::from)?.remove(site).unwrap_or_default();
    let mut then = now;
    wanted(&mut then);
    for (surface, switch) in then.each() {
        if switch != now.get(surface) {
            let row = SwitchRow::new(site, surface, switch, editor.now_ms, editor.by);
            switches::turn(&mut tx, &row).await?;
        }
    }
    tx.commit().await?;
    Ok(then)
}
