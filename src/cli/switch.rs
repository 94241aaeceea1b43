//! `keepopen switch`: switches the appeals of a site, or of one surface, off or on.

use clap::Subcommand;
use keepopen_decision::Surface;

use super::{CommandError, Opened, runtime, say};
use crate::actions::{self, SwitchError};
use crate::appeals::{Switch, Switches};
use crate::sites::Settings;
use crate::store::Store;
use crate::store::switches::by_site;

#[derive(Subcommand)]
pub enum Verb {
    /// Switch off a site's appeals, or one of its surfaces. A running service applies this within 2 seconds.
    Off(Target),
    /// Switch a site's appeals, or one of its surfaces, on again. The appeals' rules then decide which appeals show.
    On(Target),
    /// Print the switches of each site.
    Show,
}

#[derive(clap::Args)]
pub struct Target {
    /// The site's id.
    #[arg(long)]
    site: String,
    /// Only this surface: banner, inline or wall [default: all surfaces].
    #[arg(long, value_parser = parse_surface)]
    surface: Option<Surface>,
}

pub fn run(verb: &Verb, settings: &Settings) -> Result<(), CommandError> {
    match verb {
        Verb::Off(target) => set_switch(target, Switch::Off, settings),
        Verb::On(target) => set_switch(target, Switch::On, settings),
        Verb::Show => show(settings),
    }
}

fn set_switch(target: &Target, switch: Switch, settings: &Settings) -> Result<(), CommandError> {
    let switches = runtime()?.block_on(async {
        if !settings.sites.contains_key(&target.site) {
            return Err(CommandError::from(SwitchError::UnknownSite));
        }
        let opened = Opened::open(settings).await?;
        let set = |it: &mut Switches| it.set(target.surface, switch);
        let switches = actions::set_switches(&opened.context(), &target.site, set).await;
        opened.store.close().await;
        Ok(switches?)
    })?;
    say(&line(&target.site, &switches, settings))
}

fn show(settings: &Settings) -> Result<(), CommandError> {
    let switches = runtime()?.block_on(async {
        let store = Store::open(&settings.database_url()).await?;
        let rows = store.switches().await;
        store.close().await;
        Ok::<_, CommandError>(by_site(&rows?)?)
    })?;
    for site in settings.sites.keys() {
        say(&line(site, &switches.get(site).copied().unwrap_or_default(), settings))?;
    }
    Ok(())
}

/// The state of a site's switches, for example `journal: whole site on; surfaces: banner on,
/// inline on, wall off`.
fn line(site: &str, switches: &Switches, settings: &Settings) -> String {
    let off_in_settings = settings.sites.get(site).map(Switches::of_settings).unwrap_or_default();
    let [whole_site, surfaces @ ..] = switches.each().map(|(surface, switch)| {
        let by_settings =
            if off_in_settings.get(surface) == Switch::Off { " (off in the settings)" } else { "" };
        format!("{} {}{by_settings}", surface.map_or("whole site", Surface::as_str), switch.as_str())
    });
    format!("{site}: {whole_site}; surfaces: {}", surfaces.join(", "))
}

/// Parses the value of `--surface`.
fn parse_surface(label: &str) -> Result<Surface, String> {
    Surface::ALL
        .into_iter()
        .find(|surface| surface.as_str() == label)
        .ok_or_else(|| "write banner, inline or wall".to_owned())
}
