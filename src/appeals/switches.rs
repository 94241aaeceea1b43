//! Switches that turn off a site's appeals, or one of its surfaces.

use std::collections::{BTreeMap, HashMap};

use keepopen_decision::Surface;
use serde::{Deserialize, Serialize};

use crate::sites::{AppealSwitch, SiteSettings};

/// Whether appeals show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// Appeals show, according to their rules.
    #[default]
    On,
    /// No appeal is shown.
    Off,
}

impl Switch {
    /// The label in JSON and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
    }

    /// Parses the label.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::On, Self::Off].into_iter().find(|switch| switch.as_str() == text)
    }
}

/// The switches of one site. An omitted switch is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Switches {
    /// The switch for all surfaces together.
    pub all: Switch,
    /// The switch of each surface. A surface shows appeals only if `all` is on too.
    pub surfaces: SurfaceSwitches,
}

/// The switch of each surface. An omitted surface is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SurfaceSwitches {
    /// Appeals at the edge of the page.
    pub banner: Switch,
    /// Appeals inside the article.
    pub inline: Switch,
    /// Appeals over the rest of the article.
    pub wall: Switch,
}

/// The switches to change. A switch that is omitted or null stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SwitchesChange {
    /// The switch for all surfaces together.
    pub all: Option<Switch>,
    /// The switch of each surface. A surface shows appeals only if `all` is on too.
    pub surfaces: SurfacesChange,
}

/// The surfaces to change. A surface that is omitted or null stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, from = "HashMap<Surface, Option<Switch>>", default)]
pub struct SurfacesChange {
    /// Appeals at the edge of the page.
    pub banner: Option<Switch>,
    /// Appeals inside the article.
    pub inline: Option<Switch>,
    /// Appeals over the rest of the article.
    pub wall: Option<Switch>,
}

/// With this conversion, `Deserialize` accepts only a map. Otherwise it would also accept a list of the fields' values.
impl From<HashMap<Surface, Option<Switch>>> for SurfacesChange {
    fn from(mut surfaces: HashMap<Surface, Option<Switch>>) -> Self {
        let mut take = |surface| surfaces.remove(&surface).flatten();
        Self { banner: take(Surface::Banner), inline: take(Surface::Inline), wall: take(Surface::Wall) }
    }
}

impl SwitchesChange {
    /// Applies the change to `switches`.
    pub fn apply(self, switches: &mut Switches) {
        let changes = [
            (None, self.all),
            (Some(Surface::Banner), self.surfaces.banner),
            (Some(Surface::Inline), self.surfaces.inline),
            (Some(Surface::Wall), self.surfaces.wall),
        ];
        for (surface, switch) in changes {
            if let Some(switch) = switch {
                switches.set(surface, switch);
            }
        }
    }
}

impl Switches {
    /// Every switch. The switch for all surfaces together is first, with `None`.
    pub fn each(&self) -> [(Option<Surface>, Switch); 4] {
        [None, Some(Surface::Banner), Some(Surface::Inline), Some(Surface::Wall)]
            .map(|surface| (surface, self.get(surface)))
    }

    /// Returns the switch of a surface. With `None`, returns the switch for all surfaces together.
    pub fn get(&self, surface: Option<Surface>) -> Switch {
        let mut switches = *self;
        *switches.get_mut(surface)
    }

    /// Sets the switch of a surface. With `None`, sets the switch for all surfaces together.
    pub fn set(&mut self, surface: Option<Surface>, switch: Switch) {
        *self.get_mut(surface) = switch;
    }

    fn get_mut(&mut self, surface: Option<Surface>) -> &mut Switch {
        match surface {
            None => &mut self.all,
            Some(Surface::Banner) => &mut self.surfaces.banner,
            Some(Surface::Inline) => &mut self.surfaces.inline,
            Some(Surface::Wall) => &mut self.surfaces.wall,
        }
    }

    /// The switches as a site's settings set them: a switch is off if the settings turn it off.
    pub fn of_settings(site: &SiteSettings) -> Self {
        let mut switches = Self::default();
        // The setting `banner` is the switch for all surfaces. It is not the switch of the surface `banner`.
        if site.banner == AppealSwitch::Off {
            switches.all = Switch::Off;
        }
        for surface in &site.rules.silenced_surfaces {
            switches.set(Some(*surface), Switch::Off);
        }
        switches
    }
}

/// Returns the sites with `switches` applied to their settings. A switch that the settings turn off stays off.
pub fn apply_switches(
    sites: &BTreeMap<String, SiteSettings>,
    switches: &BTreeMap<String, Switches>,
) -> BTreeMap<String, SiteSettings> {
    let mut sites = sites.clone();
    for (id, site) in &mut sites {
        for (surface, switch) in switches.get(id).copied().unwrap_or_default().each() {
            match (surface, switch) {
                (_, Switch::On) => {}
                // The setting `banner` is the switch for all surfaces.
                (None, Switch::Off) => site.banner = AppealSwitch::Off,
                (Some(surface), Switch::Off) => site.rules.silenced_surfaces.push(surface),
            }
        }
    }
    sites
}
