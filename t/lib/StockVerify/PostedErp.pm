package StockVerify::PostedErp;

# An ERP in PostgreSQL as conf/erp/postgresql.conf expects it, whose stock follows the adjustments that are posted to it, and
# whose movements tell of them.
#
#     my $erp = StockVerify::PostedErp->new;              a StockVerify::Postgres
#     $erp->pause_for(of_writing => 0.5, of_asking => 0); seconds that each takes from now on

use strict;
use warnings;
use parent 'StockVerify::Postgres';

sub new {
    my ($class) = @_;
    my $self = $class->SUPER::new;
    $self->sql(<<'SQL');
CREATE TABLE items (item_code text PRIMARY KEY, item_name text, barcode text, category text, uom text, unit_cost numeric, serial_tracked boolean,
    changed_at timestamptz DEFAULT now());
CREATE TABLE item_barcodes (item_code text, barcode text);
CREATE TABLE stock (item_code text, warehouse text, lot text, qty numeric(18,6), version text, changed_at timestamptz DEFAULT now(), PRIMARY KEY (item_code, warehouse, lot));
CREATE TABLE stock_movements (movement_id text PRIMARY KEY, item_code text, warehouse text, lot text, qty numeric(18,6), moved_at timestamptz DEFAULT clock_timestamp(), adjustment_id text);
CREATE TABLE stock_adjustments (adjustment_id text, line integer, item_code text NOT NULL REFERENCES items, warehouse text NOT NULL, lot text,
    delta numeric(18,6) NOT NULL, uom text, unit_cost numeric, reason text, counted_at timestamptz, posted_by text, PRIMARY KEY (adjustment_id, line));
CREATE TABLE pause (of_writing numeric, of_asking numeric);
INSERT INTO pause VALUES (0, 0);
CREATE FUNCTION move_stock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_sleep((SELECT of_writing FROM pause));
    UPDATE stock SET qty = qty + NEW.delta, changed_at = now() WHERE item_code = NEW.item_code AND warehouse = NEW.warehouse;
    INSERT INTO stock_movements VALUES (NEW.adjustment_id || '/' || NEW.line, NEW.item_code, NEW.warehouse, '', NEW.delta, clock_timestamp(), NEW.adjustment_id);
    RETURN NEW;
END $$;
CREATE TRIGGER move AFTER INSERT ON stock_adjustments FOR EACH ROW EXECUTE FUNCTION move_stock();
SQL
    return $self;
}

# What is not named takes no time. Asking does where the mapping has pg_sleep(of_asking).
sub pause_for {
    my ($self, %seconds) = @_;
    $self->sql(sprintf 'UPDATE pause SET of_writing = %s, of_asking = %s', $seconds{of_writing} // 0, $seconds{of_asking} // 0);
    return;
}

1;
