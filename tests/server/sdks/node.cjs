// Segment's SDK for Node as a shop uses it: each call once, then everything is flushed.
const { Analytics } = require('@segment/analytics-node');

const [host, writeKey] = process.argv.slice(2);
const analytics = new Analytics({ writeKey, host, flushInterval: 50, maxRetries: 10 });
let failed = null;
analytics.on('error', (error) => { failed = error; });
const when = new Date('2026-03-31T09:00:00Z');
analytics.identify({ userId: 'node-1', traits: { firstName: '花子', email: 'hanako@shop.example', consent: ['marketing'] }, context: { timezone: 'Asia/Tokyo' } });
analytics.track({ userId: 'node-1', event: 'Purchase', timestamp: when, properties: { order_id: 'n-1', total: 1200, items: [{ item_id: 'a', price: 600 }] } });
analytics.page({ anonymousId: 'node-anon', name: 'Cart', properties: { path: '/cart' } });
analytics.screen({ anonymousId: 'node-anon', name: 'Cart', properties: { title: 'Cart' } });
analytics.group({ userId: 'node-1', groupId: 'g', traits: { name: 'Shop' } });
analytics.alias({ userId: 'node-1', previousId: 'node-anon' });
analytics.closeAndFlush({ timeout: 30000 }).then(() => {
  if (failed) {
    console.error(failed);
    process.exit(1);
  }
  console.log('flushed');
});
