//! `tabi run`: a project run for good: the server in front, the engine behind it, until somebody says stop.
//!
//! Runs no journey itself: `start.rs` is where the engine is put behind the server.

mod hooks;
mod logs;
pub mod owner;
mod quota;
mod start;
mod telemetry;
pub mod trouble;

use std::net::SocketAddr;
use std::path::PathBuf;

use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::deploy::bundle::short;
use super::exit::{Exit, Stop};
use super::open::open;
use super::remote::DATA;
use super::speak::Speaker;
use crate::diag::Phrase;
use crate::runtime::durable::live::LiveError;
use crate::runtime::durable::recover::Deployment;
use crate::server::{Language, Limits, Server, Settings, admin};

pub use logs::Logs;
use start::{Engine, Start, start};
use trouble::{broken, folder, occupied, unusable};

/// Run a project: take events in, move people through their journeys, send
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The project's folder, or one inside it
    #[arg(value_name = "PROJECT", default_value = ".")]
    project: PathBuf,

    /// Where the data are kept
    #[arg(long, value_name = "DIR", default_value = DATA)]
    data: PathBuf,

    /// Where events and webhooks come in; a proxy in front of it does TLS
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4040")]
    listen: SocketAddr,

    /// The environment of tabi.yaml: whom messages go through [default: all messages to paper]
    #[arg(long, value_name = "NAME")]
    env: Option<String>,

    /// Rehearse from this moment, so many times as fast: "2026-04-01T09:00:00+09:00 x3600"
    #[arg(long, value_name = "CLOCK")]
    clock: Option<String>,

    /// Count opens by a picture in mails; an open proves nothing
    #[arg(long)]
    opens: bool,

    /// Serve /metrics on the public side, too
    #[arg(long)]
    public_metrics: bool,

    /// How logs are written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    logs: Logs,
}

pub fn run(args: &Args, speaker: &mut Speaker) -> Result<Exit, Stop> {
    let opened = open(&args.project);
    let Some(program) = opened.program.as_ref() else { return opened.refuse(speaker) };
    folder(&args.data)?;
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    // Set once, and only here; when somebody else did, theirs counts.
    let _ = metrics::set_global_recorder(recorder);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Stop::Write)?;
    runtime.block_on(async {
        let traces = traces(args, speaker)?;
        let listener = TcpListener::bind(args.listen).await.map_err(|error| occupied(args.listen, &error))?;
        let listen = listener.local_addr().map_err(Stop::Write)?;
        let start = start(Start {
            opened: &opened,
            program,
            data: &args.data,
            environment: args.env.as_deref(),
            listen,
            clock: args.clock.as_deref(),
        });
        let Engine { desk, secret, hooks, nonces, write_keys, unknown, schema, differs, recovered, close, mut ended } =
            start.await?;
        tracing::info!(records = recovered.records, pending = recovered.pending, "recovered");
        let socket = admin::bind(&args.data).map_err(|error| unusable(&args.data, &error))?;
        let settings = Settings {
            write_keys,
            unknown,
            secret,
            shop: program.project.sender.name.clone().unwrap_or_default(),
            language: if program.project.zone.name() == "Asia/Tokyo" { Language::Japanese } else { Language::English },
            opens: args.opens,
            metrics_public: args.public_metrics,
            limits: Limits::default(),
            nonces,
        };
        let server = Server::new(settings, schema, hooks, Some(metrics), desk);
        if let Some(live) = differs {
            speaker.aside(&not_what_is_live(live, speaker))?;
        }
        // Whoever reads that it runs may tell it to stop.
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(until_told(stop.clone()));
        speaker.aside(&ready(listen, args, speaker))?;
        tracing::info!(address = %listen, "listening");
        let served = server.serve(listener, Some(socket), stopped);
        tokio::pin!(served);
        let failed = tokio::select! {
            () = &mut served => None,
            result = &mut ended => Some(result),
        };
        let result = match failed {
            // The engine ended by itself: nobody is served any more.
            Some(result) => {
                let _ = stop.send(true);
                served.await;
                result
            }
            None => {
                close().await;
                ended.await
            }
        };
        traces.end().await;
        match result {
            Ok(Ok(())) => {
                tracing::info!("stopped");
                Ok(Exit::Fine)
            }
            Ok(Err(error)) => Err(broken(&error)),
            Err(_) => Err(broken(&LiveError::Store("the engine ended without a word".to_owned()))),
        }
    })
}

/// What exports traces while the process runs, if anything does.
#[derive(Default)]
struct Traces {
    #[cfg(feature = "otel")]
    exporter: Option<telemetry::Exporter>,
}

impl Traces {
    /// What is gathered still goes out.
    async fn end(self) {
        #[cfg(feature = "otel")]
        if let Some(exporter) = self.exporter {
            let _ = tokio::task::spawn_blocking(move || exporter.end()).await;
        }
    }
}

/// Begins logs, and traces where the standard variables ask for them.
fn traces(args: &Args, speaker: &mut Speaker) -> Result<Traces, Stop> {
    let Some(variable) = telemetry::wanted() else {
        logs::begin(args.logs);
        return Ok(Traces::default());
    };
    #[cfg(not(feature = "otel"))]
    {
        logs::begin(args.logs);
        let absent = telemetry::absent(variable);
        speaker.aside(&format!("{}\n", speaker.say(&absent)))?;
        Ok(Traces::default())
    }
    #[cfg(feature = "otel")]
    {
        let (exporter, tracer) = telemetry::begin().map_err(|why| Stop::Wrong {
            what: telemetry::unusable(variable, &why),
            help: Phrase::new(
                "mend the variable, or unset it to run without traces",
                "環境変数を直すか、トレースなしで動かすなら変数を外す",
            ),
        })?;
        logs::begin_traced(args.logs, tracer);
        let _ = speaker;
        Ok(Traces { exporter: Some(exporter) })
    }
}

/// At the first signal what is under way finishes; at the second the process ends, and recovery does the rest.
async fn until_told(stop: watch::Sender<bool>) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    tracing::info!("stopping: what is under way finishes");
    // Nobody listens any more: then there is nothing to stop.
    let _ = stop.send(true);
    tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    std::process::exit(KILLED);
}

/// What shells show of a process that was interrupted.
const KILLED: i32 = 130;

/// The data go on as they were: files change what runs only by a plan.
fn not_what_is_live(live: Deployment, speaker: &Speaker) -> String {
    let (generation, bundle) = (live.generation, short(live.bundle));
    let said = Phrase::new(
        format!(
            "note: version {generation} ({bundle}) is live, and these files are not it; `tabi plan` shows what would change, \
             `tabi apply` makes it so"
        ),
        format!(
            "注意: 稼働しているのは版 {generation} ({bundle}) で、このファイルとは異なります。違いは `tabi plan`、反映は \
             `tabi apply`"
        ),
    );
    format!("{}\n", speaker.say(&said))
}

/// `listen`: the address that was given, with the port that the system chose where none was.
fn ready(listen: SocketAddr, args: &Args, speaker: &Speaker) -> String {
    let data = args.data.display();
    let said = Phrase::new(
        format!("Tabi runs: events at http://{listen}/v1/, data in `{data}`; Ctrl-C stops it"),
        format!("Tabi を起動しました: イベントは http://{listen}/v1/、データは `{data}`。Ctrl-C で停止"),
    );
    format!("{}\n", speaker.say(&said))
}
