// LINE's own SDK at work for a test: reads one job as JSON from standard input, writes what came of it to standard output.
// Not run by hand.
import { messagingApi, middleware, validateSignature } from "@line/bot-sdk";

const text = await new Promise((resolve) => {
  const chunks = [];
  process.stdin.on("data", (chunk) => chunks.push(chunk));
  process.stdin.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
});
const job = JSON.parse(text);

// One webhook as the SDK's middleware for a web server takes it: the events, or the name of the error.
function received({ secret, signature, body }) {
  const bytes = Buffer.from(body, "base64");
  const headers = signature === null ? {} : { "x-line-signature": signature };
  const request = { headers, header: (name) => headers[name.toLowerCase()], body: bytes };
  return new Promise((resolve) => {
    const next = (error) => resolve(error ? { refused: error.name } : { events: request.body.events ?? null });
    Promise.resolve(middleware({ channelSecret: secret })(request, {}, next)).catch(next);
  });
}

async function called({ baseURL, token, calls }) {
  const client = new messagingApi.MessagingApiClient({ channelAccessToken: token, baseURL });
  const results = [];
  for (const { method, args } of calls) {
    try {
      results.push({ ok: await client[method](...args) });
    } catch (error) {
      results.push({ status: error.status ?? null, message: error.message });
    }
  }
  return results;
}

const answer = job.webhooks
  ? await Promise.all(
      job.webhooks.map(async (hook) => {
        const plain = hook.signature !== null && validateSignature(Buffer.from(hook.body, "base64"), hook.secret, hook.signature);
        return { valid: plain, ...(await received(hook)) };
      }),
    )
  : await called(job);
process.stdout.write(JSON.stringify(answer));
