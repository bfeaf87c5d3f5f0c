//! Traces of a running Tabi to an OpenTelemetry collector, by the standard variables; only with the feature `otel`.
//!
//! Makes no spans: rooms below do, by `ports::trace`. What libraries trace is left out, as in the logs.

use crate::diag::Phrase;

/// Either of them says where spans go.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
/// `true` switches everything off.
const DISABLED: &str = "OTEL_SDK_DISABLED";

/// The variable that asks for traces, if one does.
pub fn wanted() -> Option<&'static str> {
    let is_set = |name: &&str| std::env::var(name).is_ok_and(|value| !value.trim().is_empty());
    let disabled = std::env::var(DISABLED).is_ok_and(|value| value.trim().eq_ignore_ascii_case("true"));
    ENDPOINTS.into_iter().find(is_set).filter(|_| !disabled)
}

/// Said where somebody asks for traces of a Tabi that has none.
#[cfg(not(feature = "otel"))]
pub fn absent(variable: &str) -> Phrase {
    Phrase::new(
        format!(
            "{variable} is set, but this Tabi was built without traces: nothing is exported (build it with `--features otel`)"
        ),
        format!(
            "{variable} が設定されていますが、この Tabi はトレースなしでビルドされているため、何も送信しません (`--features otel` を付けてビルドしてください)"
        ),
    )
}

#[cfg(feature = "otel")]
pub use exporting::{Exporter, begin, unusable};

#[cfg(feature = "otel")]
mod exporting {
    use std::fmt;
    use std::pin::Pin;
    use std::time::Duration;

    use opentelemetry::trace::TracerProvider;
    use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
    use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
    use tokio::runtime::Handle;

    use super::Phrase;
    use crate::channels::tls;

    /// Whose spans they are, unless OTEL_SERVICE_NAME says otherwise.
    const SERVICE: &str = "tabi";
    const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
    /// The SDK's own limit of one export is ten seconds; a collector that does not answer by then is given up.
    const TIMEOUT: Duration = Duration::from_secs(10);
    /// At the end, what is gathered is sent within this, or lost.
    const FAREWELL: Duration = Duration::from_secs(5);

    /// Sends spans in the background; what it has at the end goes out with [`Exporter::end`].
    pub struct Exporter(SdkTracerProvider);

    /// Must be called within tokio's runtime, where the exports are sent.
    pub fn begin() -> Result<(Exporter, SdkTracer), String> {
        tls::install();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .user_agent(concat!("tabi/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| error.to_string())?;
        let wire = Wire { client, tasks: Handle::current() };
        // Address, headers and time limit are read from the standard variables.
        let exporter = SpanExporter::builder().with_http().with_http_client(wire).build();
        let exporter = exporter.map_err(|error| error.to_string())?;
        let resource = match std::env::var(SERVICE_NAME) {
            Ok(_) => Resource::builder(),
            Err(_) => Resource::builder().with_service_name(SERVICE),
        };
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build();
        let tracer = provider.tracer("tabi");
        Ok((Exporter(provider), tracer))
    }

    pub fn unusable(variable: &str, why: &str) -> Phrase {
        Phrase::new(
            format!("traces cannot be exported as {variable} says: {why}"),
            format!("{variable} の設定ではトレースを送信できません: {why}"),
        )
    }

    impl Exporter {
        /// Blocks; tokio's runtime must go on meanwhile.
        pub fn end(self) {
            if let Err(error) = self.0.shutdown_with_timeout(FAREWELL) {
                tracing::warn!(%error, "the last traces were not sent");
            }
        }
    }

    type Sent<'sent> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'sent>>;

    /// The batches are gathered on a thread without a runtime: requests are made where there is one.
    struct Wire {
        client: reqwest::Client,
        tasks: Handle,
    }

    impl fmt::Debug for Wire {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Wire")
        }
    }

    impl HttpClient for Wire {
        fn send_bytes<'wire, 'sent>(&'wire self, request: Request<Bytes>) -> Sent<'sent>
        where
            'wire: 'sent,
            Self: 'sent,
        {
            let client = self.client.clone();
            let sent = self.tasks.spawn(async move {
                let answer = client.execute(request.try_into()?).await?;
                let status = answer.status();
                let mut response = Response::new(answer.bytes().await?);
                *response.status_mut() = status;
                Ok::<_, reqwest::Error>(response)
            });
            Box::pin(async move { Ok(sent.await?.map_err(reqwest::Error::without_url)?) })
        }
    }
}
