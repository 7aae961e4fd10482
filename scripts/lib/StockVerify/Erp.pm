package StockVerify::Erp;

# The ERP of a local stack: an SQLite file in its folder, which a worker asks through ODBC as conf/erp/stack.conf says. It
# has the demo items and what the books say of them, and takes adjustments.

use strict;
use warnings;

# What the stack's programs are told of it.
sub settings {
    my ($stack) = @_;
    return (
        ERP_MAPPING         => "$stack->{root}/conf/erp/stack.conf",
        ERP_CONNECTION_FILE => $stack->file('secrets/erp.connection'),
        # An import that nobody asked for would surprise who tries things out.
        ERP_SYNC_INTERVAL   => 0,
    );
}

sub make {
    my ($stack) = @_;
    my ($database, $items) = ($stack->file('erp.sqlite'), $stack->file('demo/items.csv'));
    StockVerify::Stack::write_file($stack->file('secrets/erp.connection'), "Driver={SQLite3};Database=$database\n");
    return if -e $database;
    my $sql = <<'END';
PRAGMA journal_mode = WAL;
CREATE TABLE items (code TEXT PRIMARY KEY, name TEXT, barcode TEXT, category TEXT, uom TEXT, unit_cost NUMERIC,
    serial_tracked INTEGER, changed_at TEXT);
CREATE TABLE barcodes (code TEXT, barcode TEXT);
CREATE TABLE stock (code TEXT, warehouse TEXT, lot TEXT, qty NUMERIC, changed_at TEXT);
CREATE TABLE movements (movement_id TEXT PRIMARY KEY, code TEXT, warehouse TEXT, lot TEXT, qty NUMERIC, moved_at TEXT, adjustment_id TEXT);
-- What StockVerify posts: a line comes once, and moves the stock at once.
CREATE TABLE adjustments (adjustment_id TEXT, line INTEGER, code TEXT NOT NULL, warehouse TEXT NOT NULL, lot TEXT,
    delta NUMERIC NOT NULL, uom TEXT, unit_cost NUMERIC, reason TEXT, counted_at TEXT, posted_by TEXT,
    PRIMARY KEY (adjustment_id, line));
CREATE TRIGGER adjustments_known BEFORE INSERT ON adjustments WHEN NOT EXISTS (SELECT 1 FROM items WHERE code = NEW.code)
BEGIN SELECT RAISE(ABORT, 'there is no such item'); END;
CREATE TRIGGER adjustments_move AFTER INSERT ON adjustments BEGIN
    INSERT INTO stock SELECT NEW.code, NEW.warehouse, NEW.lot, 0, NULL WHERE NOT EXISTS
        (SELECT 1 FROM stock WHERE code = NEW.code AND warehouse = NEW.warehouse AND lot IS NEW.lot);
    UPDATE stock SET qty = round(qty + NEW.delta, 6), changed_at = datetime('now')
        WHERE code = NEW.code AND warehouse = NEW.warehouse AND lot IS NEW.lot;
END;
CREATE INDEX items_barcode ON items (barcode);
CREATE INDEX barcodes_barcode ON barcodes (barcode);
CREATE INDEX barcodes_code ON barcodes (code);
CREATE INDEX stock_code ON stock (code);
END
    $sql .= <<"END" if -e $items;
.mode csv
.import "$items" demo
INSERT INTO items SELECT item_code, item_name, barcode, category, uom, unit_cost, serial_tracked = 'true', datetime('now') FROM demo;
INSERT INTO barcodes SELECT item_code, barcodes FROM demo WHERE barcodes <> '';
INSERT INTO stock SELECT item_code, warehouse, NULL, stock_qty, datetime('now') FROM demo;
DROP TABLE demo;
END
    StockVerify::Stack::write_file($stack->file('tmp/erp.sql'), $sql);
    $stack->run_tool(erp => ['sh', '-c', 'exec sqlite3 -bail "$0" <"$1"', $database, $stack->file('tmp/erp.sql')]);
    return;
}

1;
