//! Requires a surface (a place on the page, such as a banner or a wall) on which the appeal may show. The page must
//! have room for it, and the site must not have switched it off.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome};
use crate::context::ReaderContext;
use crate::labels::Surface;
use crate::reason::Reason;

#[derive(Clone, Debug)]
pub(crate) struct Surfaces {
    /// The surfaces, in order of preference.
    wanted: Box<[Surface]>,
    bits: u8,
}

impl Surfaces {
    /// Returns one bit for each surface on which the appeal may show.
    pub(crate) const fn bits(&self) -> u8 {
        self.bits
    }

    /// Returns the first of the appeal's surfaces that the page has room for and that the site has not switched off.
    pub(crate) fn choose(&self, context: &ReaderContext<'_>) -> Option<Surface> {
        let available = context.surfaces & !context.site.silenced;
        self.wanted.iter().copied().find(|surface| surface.bit() & available != 0)
    }
}

impl Check for Surfaces {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let wanted = &spec.rules.surface;
        if wanted.is_empty() {
            spec.problem("surface", "an appeal needs at least one surface: banner, inline or wall.");
        }
        let bits = wanted.iter().fold(0, |bits, surface| bits | surface.bit());
        Self { wanted: wanted.as_slice().into(), bits }
    }

    fn is_noop(&self) -> bool {
        false
    }

    fn check(&self, context: &ReaderContext<'_>, _: i64) -> Outcome {
        let usable = self.bits & context.surfaces;
        let reason = if usable == 0 { Reason::NotTargeted } else { Reason::KillSwitch };
        Outcome::pass_if(usable & !context.site.silenced != 0, reason)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let silenced = context.surfaces & context.site.silenced;
        let switched_off =
            if silenced == 0 { String::new() } else { format!("; switched off: {}", list(silenced)) };
        Evidence::new(format!("{}{switched_off}", list(context.surfaces)), list(self.bits))
    }
}

/// Lists the surfaces of a bit set as text.
fn list(bits: u8) -> String {
    let labels: Vec<&str> =
        Surface::ALL.into_iter().filter(|surface| surface.bit() & bits != 0).map(Surface::as_str).collect();
    labels.join(" or ")
}
