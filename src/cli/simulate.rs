//! `keepopen simulate`: simulates a draft of appeals on page views or on a described population.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use keepopen_decision::Live;

use super::appeals::{problems_text, read, read_documents};
use super::{CommandError, runtime, say};
use crate::actions;
use crate::appeals::Snapshot;
use crate::simulation::{self, Crowd, Line, Population, RuleSet, Simulation, Source};
use crate::sites::Settings;
use crate::store::Store;

/// The maximum length of a line of page views. A longer line is rejected.
const MAX_LINE_BYTES: u64 = 1 << 20;
/// The maximum number of invalid lines that are reported before the file is rejected.
const MAX_REPORTED_LINES: usize = 10;

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("who").required(true).args(["readers", "population"]))]
pub struct Options {
    /// The appeals file to simulate, in TOML, or in YAML if its name ends with .yaml or .yml. Its drafts and paused
    /// appeals are simulated as if they were live.
    #[arg(long, value_name = "FILE")]
    appeals: PathBuf,
    /// A file of page views: one JSON object per line, in order of time for each reader. - means standard input.
    #[arg(long, value_name = "FILE")]
    readers: Option<PathBuf>,
    /// A TOML file that describes a population, instead of a file of page views.
    #[arg(long, value_name = "FILE")]
    population: Option<PathBuf>,
    /// An appeals file with the appeals that are live now [default: appeals.file of the settings, otherwise the active
    /// appeals of the database].
    #[arg(long, value_name = "FILE")]
    live: Option<PathBuf>,
    /// Print the results as JSON.
    #[arg(long)]
    json: bool,
    /// Write an SVG chart to this file. It shows how often readers are asked, by the draft and by the live appeals.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// The random seed: the same seed gives the same numbers.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    seed: u64,
}

pub fn simulate(options: &Options, settings: &Settings) -> Result<(), CommandError> {
    let draft = read_draft(&options.appeals, settings)?;
    let live = read_live_appeals(options.live.as_deref(), settings)?;
    let mut simulation = Simulation::new(&settings.sites, draft, live, options.seed);
    let input = match (&options.readers, &options.population) {
        (Some(path), _) => simulate_page_views(path, settings, &mut simulation)?,
        (None, Some(path)) => simulate_population(path, settings, &mut simulation, options.seed)?,
        (None, None) => String::new(),
    };
    let report = simulation.report(&input);
    if let Some(path) = &options.svg {
        std::fs::write(path, simulation::chart(&report))
            .map_err(|error| format!("{} can't be written ({error})", path.display()))?;
    }
    if options.json {
        return say(&serde_json::to_string_pretty(&report)?);
    }
    say(&simulation::table(&report))
}

/// Reads the draft's appeals as if they were live. If the draft has a problem, nothing is simulated.
fn read_draft(path: &Path, settings: &Settings) -> Result<RuleSet, CommandError> {
    let (mut documents, problems) = read_documents(path)?;
    let problems = Snapshot::build(&settings.sites, &documents, problems).problems;
    if !problems.is_empty() {
        return Err(problems_text(path, &problems).into());
    }
    let mut source = Source { name: path.display().to_string(), ..Source::default() };
    for draft in &mut documents {
        if matches!(draft.rules.live, Live::Draft | Live::Paused) {
            draft.rules.live = Live::Live;
            source.taken_as_live.push(draft.rules.id.clone());
        }
    }
    Ok(RuleSet::new(&settings.sites, &documents, Vec::new(), source))
}

/// Reads the appeals that are live today. An invalid appeal is skipped, as in the service.
fn read_live_appeals(file: Option<&Path>, settings: &Settings) -> Result<RuleSet, CommandError> {
    let (name, (documents, problems)) = match (file, &settings.appeals.file) {
        (Some(path), _) => (path.display().to_string(), read_documents(path)?),
        (None, Some(path)) => (format!("{} (appeals.file)", path.display()), read_documents(path)?),
        (None, None) if Store::exists(&settings.database_url()) => {
            let active = runtime()?.block_on(async {
                let store = Store::open(&settings.database_url()).await?;
                let active = actions::read_active_appeals(&store).await;
                store.close().await;
                Ok::<_, CommandError>(active?)
            })?;
            ("the active appeals of the database".to_owned(), active)
        }
        (None, None) => {
            ("nothing: there is neither appeals.file nor a database".to_owned(), Default::default())
        }
    };
    let source = Source { name, ..Source::default() };
    Ok(RuleSet::new(&settings.sites, &documents, problems, source))
}

/// Simulates every page view of a file. If a line is invalid, the command prints no results, because they would be
/// wrong. It still checks the following lines, up to the tenth problem or the first line that is too long.
fn simulate_page_views(
    path: &Path,
    settings: &Settings,
    simulation: &mut Simulation,
) -> Result<String, CommandError> {
    let unreadable =
        |error: io::Error| CommandError::from(format!("{} can't be read ({error})", path.display()));
    let mut lines: Box<dyn BufRead> = match path.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => Box::new(BufReader::with_capacity(1 << 16, File::open(path).map_err(unreadable)?)),
    };
    // If the settings contain exactly one site, a page view that names no site belongs to that site.
    let mut sites = settings.sites.keys();
    let only_site = sites.next().filter(|_| sites.next().is_none()).map(String::as_str);
    let (mut line, mut problems, mut number) = (Vec::new(), Vec::new(), 0u64);
    while problems.len() < MAX_REPORTED_LINES {
        line.clear();
        let length =
            lines.by_ref().take(MAX_LINE_BYTES + 1).read_until(b'\n', &mut line).map_err(unreadable)?;
        if length == 0 {
            break;
        }
        number += 1;
        if length as u64 > MAX_LINE_BYTES {
            problems.push(format!("\n  line {number}: it is longer than {MAX_LINE_BYTES} bytes."));
            break;
        }
        let outcome = Line::read(&line, only_site).and_then(|line| {
            simulation.page_view(&line.reader, line.view).map_err(|refused| refused.to_string())
        });
        if let Err(sentence) = outcome {
            problems.push(format!("\n  line {number}: {sentence}"));
        }
    }
    if problems.is_empty() {
        let name = path.display().to_string();
        return Ok(if name == "-" { "standard input".to_owned() } else { name });
    }
    let ending = if problems.len() == MAX_REPORTED_LINES {
        "\n  This was the tenth problem; the following lines were not read."
    } else {
        ""
    };
    Err(format!("{} is invalid:{}{ending}", path.display(), problems.concat()).into())
}

/// Simulates the page views of a described population.
fn simulate_population(
    path: &Path,
    settings: &Settings,
    simulation: &mut Simulation,
    seed: u64,
) -> Result<String, CommandError> {
    let population = Population::read(&read(path)?, &settings.sites).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(|problem| format!("\n  {problem}")).collect();
        format!("{} is invalid:{}", path.display(), lines.concat())
    })?;
    let site = population.site.as_ref().and_then(|id| settings.sites.get(id));
    let site = site.expect("the site of a valid population must exist");
    Crowd::of(&population, site).play(simulation, seed)?;
    Ok(format!("{}, {} readers described", path.display(), population.readers))
}
