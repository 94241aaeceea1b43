//! `keepopen switch`

use clap::Subcommand;
use keepopen_decision::Surface;

use super::{Opened, Stopped, runtime, say};
use crate::actions::{self, SwitchError};
use crate::appeals::{Switch, Switches};
use crate::sites::Settings;
use crate::store::Store;
use crate::store::switches::by_site;

#[derive(Subcommand)]
pub enum Verb {
    /// Switch off a site's appeals, or one of its surfaces. A running service does so within 2 seconds.
    Off(Which),
    /// Switch them on again; the appeals' rules then decide.
    On(Which),
    /// Print what is switched off.
    Show,
}

#[derive(clap::Args)]
pub struct Which {
    /// The site's id.
    #[arg(long)]
    site: String,
    /// Only this surface: banner, inline or wall [default: all surfaces].
    #[arg(long, value_parser = surface)]
    surface: Option<Surface>,
}

pub fn run(verb: &Verb, settings: &Settings) -> Result<(), Stopped> {
    match verb {
        Verb::Off(which) => turn(which, Switch::Off, settings),
        Verb::On(which) => turn(which, Switch::On, settings),
        Verb::Show => show(settings),
    }
}

fn turn(which: &Which, switch: Switch, settings: &Settings) -> Result<(), Stopped> {
    let switches = runtime()?.block_on(async {
        if !settings.sites.contains_key(&which.site) {
            return Err(Stopped::from(SwitchError::UnknownSite));
        }
        let opened = Opened::open(settings).await?;
        let set = |it: &mut Switches| it.set(which.surface, switch);
        let turned = actions::set_switches(&opened.context(), &which.site, set).await;
        opened.store.close().await;
        Ok(turned?)
    })?;
    say(&line(&which.site, &switches, settings))
}

fn show(settings: &Settings) -> Result<(), Stopped> {
    let switches = runtime()?.block_on(async {
        let store = Store::open(&settings.database_url()).await?;
        let rows = store.switches().await;
        store.close().await;
        Ok::<_, Stopped>(by_site(&rows?)?)
    })?;
    for site in settings.sites.keys() {
        say(&line(site, &switches.get(site).copied().unwrap_or_default(), settings))?;
    }
    Ok(())
}

/// The state of a site's switches, for example `journal: all on, banner on, inline on, wall off`.
fn line(site: &str, switches: &Switches, settings: &Settings) -> String {
    let silenced = settings.sites.get(site).map(Switches::of_settings).unwrap_or_default();
    let each = switches.each().map(|(surface, switch)| {
        let by_settings = if silenced.get(surface) == Switch::Off { " (off in the settings)" } else { "" };
        format!("{} {}{by_settings}", surface.map_or("all", Surface::as_str), switch.as_str())
    });
    format!("{site}: {}", each.join(", "))
}

fn surface(word: &str) -> Result<Surface, String> {
    Surface::ALL
        .into_iter()
        .find(|surface| surface.as_str() == word)
        .ok_or_else(|| "write banner, inline or wall".to_owned())
}
