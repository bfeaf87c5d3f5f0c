"""Segment's SDK for Python as a shop uses it: each call once, packed, then everything is flushed."""
import datetime
import sys

try:
    import segment.analytics as analytics
except ImportError:
    import analytics

host, key, packed = sys.argv[1:4]
failed = []
analytics.write_key = key
analytics.host = host
analytics.gzip = packed == "gzip"
analytics.on_error = lambda error, items: failed.append(error)
when = datetime.datetime(2026, 3, 31, 9, tzinfo=datetime.timezone.utc)
person = "python-1"
analytics.identify(person, {"first_name": "花子", "email": "hanako@shop.example"}, context={"timezone": "Asia/Tokyo"})
order = {"order_id": "p-1", "total": 1200, "items": [{"item_id": "a", "price": 600}]}
analytics.track(person, "Purchase", order, timestamp=when)
analytics.page(anonymous_id="python-anon", name="Cart", properties={"path": "/cart"})
analytics.screen(anonymous_id="python-anon", name="Cart", properties={"title": "Cart"})
analytics.group(person, "g", {"name": "Shop"})
analytics.alias("python-anon", person)
analytics.flush()
analytics.shutdown()
if failed:
    sys.exit(f"failed: {failed}")
print("flushed")
