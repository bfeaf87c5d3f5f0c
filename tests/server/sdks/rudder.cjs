// RudderStack's SDK for Node as a shop uses it: each call once, packed or not, then everything is flushed.
const RudderAnalytics = require('@rudderstack/rudder-sdk-node');

const [host, writeKey, packed] = process.argv.slice(2);
const analytics = new RudderAnalytics(writeKey, { dataPlaneUrl: host, gzip: packed === 'gzip', flushInterval: 50, flushAt: 100 });
const when = new Date('2026-03-31T09:00:00Z');
const all = [];
const sent = (kind, message) => all.push(new Promise((done, failed) => analytics[kind](message, (error) => (error ? failed(error) : done()))));
sent('identify', { userId: 'rudder-1', traits: { firstName: '花子', email: 'hanako@shop.example' }, context: { timezone: 'Asia/Tokyo' } });
sent('track', { userId: 'rudder-1', event: 'Purchase', timestamp: when, properties: { order_id: 'r-1', total: 1200, items: [{ item_id: 'a', price: 600 }] } });
sent('page', { anonymousId: 'rudder-anon', name: 'Cart', properties: { path: '/cart' } });
sent('screen', { anonymousId: 'rudder-anon', name: 'Cart', properties: { title: 'Cart' } });
sent('group', { userId: 'rudder-1', groupId: 'g', traits: { name: 'Shop' } });
sent('alias', { userId: 'rudder-1', previousId: 'rudder-anon' });
Promise.all([...all, analytics.flush()]).then(
  () => { console.log('flushed'); process.exit(0); },
  (error) => { console.error(error); process.exit(1); },
);
