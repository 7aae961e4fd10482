#!/usr/bin/perl
# Connections of lookups to an ERP: one that takes longer to make than a lookup may, and one that the ERP has ended meanwhile.
use lib 't/lib';
use File::Temp ();
use StockVerify::Test;
use StockVerify::Postgres;

my $erp = StockVerify::Postgres->new;
$erp->sql(<<'SQL');
CREATE TABLE items AS SELECT 'PG-' || i || chr(64 + i) AS item_code, 'Item ' || i AS item_name FROM generate_series(1, 9) AS i;
CREATE TABLE pause (seconds integer);
INSERT INTO pause VALUES (5);
CREATE FUNCTION connect_slowly() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep((SELECT seconds FROM pause)); END $$;
SQL
my $folder = File::Temp->newdir;
my $stack = start_stack(settings => {
    ERP_CONNECTION_FILE => write_file("$folder/connection", $erp->connection_string . ";ConnSettings={SELECT connect_slowly()}\n"),
    ERP_MAPPING => write_file("$folder/mapping", "[lookup]\nSELECT item_code, item_name FROM items WHERE item_code = CAST(:code AS text)\n"),
    ERP_SYNC_INTERVAL => 0, ERP_LOOKUP_TIMEOUT => 3000,
});
$stack->expect_log(qr/erp\.failing/);
my $asha = $stack->login('staff');

sub found { my ($code) = @_; my $answer = $asha->get("/api/erp/items/barcode/$code"); return $answer->status == 200 && ($answer->data->{item} // {})->{item_code} eq $code }
sub connections { return $erp->sql("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'") }

ok +(wait_until { found('PG-1A') } 60), 'an item is found, though connecting takes longer than a lookup may';
my @connected;
wait_until { @connected = connections(); @connected == 1 } 20, 'one connection';
ok found('PG-2B'), 'and the next';
is_deeply [connections()], \@connected, 'by the same connection';
$erp->sql('UPDATE pause SET seconds = 0');
$erp->sql("SELECT pg_terminate_backend($connected[0])");
wait_until { !grep { $_ eq $connected[0] } connections() } 20, 'the connection to be gone';
ok found('PG-3C'), 'nobody who scans notices that the ERP ended it';
$stack->finish;
done_testing;
