#!/usr/bin/perl
# From a scan to a variance: an ERP in PostgreSQL, with two warehouses' stock, packs, lots and serial numbers, is imported;
# twenty people scan and count, blind, with damage, off line and on line, while the ERP hangs, dies and brings changes. In
# the end each warehouse's variances are what was counted against what its books said, to the last unit.
#
# STOCKVERIFY_PRODUCTS names a CSV file (plain or .gz) with the columns barcode and item_name, to count real products.
use utf8;
use lib 't/lib';
use List::Util qw(max);
use Mojo::Util ();
use StockVerify::Test;
use StockVerify::Counter;
use StockVerify::Ledger;
use StockVerify::Postgres;
use StockVerify::Quantity qw(millionths);

my ($PEOPLE, $ITEMS, $EACH) = (20, 1200, 45);
# Every book ends in this, nothing that is counted does: where a counter sees it, or what is missing to a whole, a book was told.
my $MARK  = '.432119';
my $TRACE = qr/\.(?:432119|567881)/;

# ---- the ERP
my $erp = StockVerify::Postgres->new;
$erp->sql(<<'SQL');
CREATE TABLE items (item_code text PRIMARY KEY, item_name text, barcode text, manual_barcode text, uom text, packs text,
    unit_cost numeric(12,4), serial_tracked boolean, lot_tracked boolean, changed_at timestamptz DEFAULT now());
CREATE INDEX ON items (barcode);
CREATE TABLE stock (item_code text, warehouse text, lot text, qty numeric(18,6), changed_at timestamptz DEFAULT now(),
    PRIMARY KEY (item_code, warehouse, lot));
SQL
my $COLUMNS = <<'SQL';
SELECT i.item_code, i.item_name, i.barcode, i.manual_barcode, i.uom, i.packs, i.unit_cost, i.serial_tracked, i.lot_tracked,
       s.warehouse, s.lot, s.qty AS stock_qty, greatest(i.changed_at, s.changed_at) AS changed_at
FROM items i LEFT JOIN stock s ON s.item_code = i.item_code
SQL
my $ORDER = "ORDER BY i.item_code, s.warehouse, s.lot\n";
my $files = File::Temp->newdir;
my $connection = write_file("$files/connection", $erp->connection_string . "\n");
my $mapping = write_file("$files/mapping",
    "[lookup]\n$COLUMNS WHERE i.item_code = CAST(:code AS text) OR i.barcode = CAST(:code AS text)\n$ORDER"
        . "[full]\n$COLUMNS WHERE i.item_code > CAST(:after AS text)\n$ORDER"
        . "[changed_since]\n$COLUMNS WHERE i.item_code IN (SELECT item_code FROM items WHERE changed_at >= CAST(:since AS timestamptz)"
        . " UNION SELECT item_code FROM stock WHERE changed_at >= CAST(:since AS timestamptz)) AND i.item_code > CAST(:after AS text)\n$ORDER",
);

my $stack = start_stack(settings => {
    ERP_MAPPING => $mapping, ERP_CONNECTION_FILE => $connection, JOB_CLAIM => 2000, JOB_RETRY_DELAY => 300, ERP_SYNC_INTERVAL => 0,
    RACK_LOCK_TTL => 60, SYNC_RATE_LIMIT => 0, WORKER_TOTALS_INTERVAL => 100, MONGODB_TIMEOUT => 30_000,
});
$stack->expect_log(qr/erp\.(?:failing|silent)|job\.(?:failed|retry)/);
my $mongo = $stack->mongo;
my $supervisor = $stack->login('supervisor');
my @people = map { { client => $stack->login($_->{username}), warehouse => $_->{warehouse} } } ($stack->users('staff'))[0 .. $PEOPLE - 1];
my @warehouses = do { my %seen; grep { !$seen{$_}++ } map { $_->{warehouse} } @people };
is scalar @warehouses, 2, 'people of two warehouses';

# ---- what the ERP holds
sub check_digit {
    my ($digits) = @_;
    my ($sum, $weight) = (0, 3);
    for my $digit (reverse split //, $digits) { $sum += $digit * $weight; $weight = 4 - $weight }
    return $digits . (10 - $sum % 10) % 10;
}

my @WORDS = qw(anchor basil copper dahlia ember fennel ginger hazel indigo juniper kettle lantern marble nutmeg opal pepper quartz raisin saffron
    thimble umber velvet walnut xenon yarrow zephyr);

sub made_up {
    return map {
        my $i = $_;
        { barcode => $i % 10 == 1 ? check_digit(sprintf '0360%07d', $i) : check_digit(sprintf '29%010d', $i),
            name => join ' ', map { ucfirst } $WORDS[$i % 26] . 'ine', $WORDS[int($i / 26) % 26] . 'ware', $WORDS[($i * 7) % 26] }
    } 1 .. $ITEMS;
}

sub products {
    my ($file) = @_;
    open my $in, '-|:encoding(UTF-8)', $file =~ /\.gz$/ ? ('gzip', '-dc', $file) : ('cat', $file) or die "$file: $!\n";
    my ($head, %seen, @products) = scalar <$in>;
    while (my $line = <$in>) {
        my ($barcode, $name) = $line =~ /^(\d{8,14}),([^",[:cntrl:]]+)\r?$/ or next;
        push @products, { barcode => $barcode, name => $name } if check_digit(substr $barcode, 0, -1) eq $barcode && !$seen{ $barcode =~ s/^0+//r }++;
    }
    return @products;
}

# The i-th product is of a kind, as people meet them.
my @KINDS = qw(ean upc gs1 serial name lot ean pack ean manual);
my @items = $ENV{STOCKVERIFY_PRODUCTS} ? products($ENV{STOCKVERIFY_PRODUCTS}) : made_up();
for my $i (0 .. $#items) {
    my $item = $items[$i];
    my $kind = $KINDS[($i + 1) % 10];
    @{$item}{qw(code kind pack)} = (sprintf('PG-%06d', $i), $kind, $kind eq 'pack' ? "PACK-$i" : undef);
    $item->{lots} = $kind eq 'lot' ? ['L1', 'L2'] : [''];
}
sub quoted { my ($text) = @_; return defined $text ? "'" . $text =~ s/'/''/gr . "'" : 'NULL' }
sub book   { my ($i, $warehouse, $lot) = @_; return 5 + ($i * 7 + length($warehouse) + 3 * length $lot) % 60 . $MARK }

sub fill_erp {
    my (@numbers) = @_;
    my $then = sub { return "now() - interval '@{[3600 + $_[0]]} seconds'" };
    my $items = join ",\n", map {
        my $item = $items[$_];
        '(' . join(', ', (map { quoted($_) } @{$item}{qw(code name barcode)}, $item->{kind} eq 'manual' ? "HAND $_" : undef, 'PCS', $item->{pack} && "BOX=12 $item->{pack}"),
            1 + $_ % 50, (map { $item->{kind} eq $_ ? 'true' : 'false' } qw(serial lot)), $then->($_)) . ')';
    } @numbers;
    my $stock = join ",\n", map {
        my $i = $_;
        map { my $warehouse = $_; map { '(' . join(', ', quoted($items[$i]{code}), quoted($warehouse), quoted($_), book($i, $warehouse, $_), $then->($i)) . ')' } @{ $items[$i]{lots} } } @warehouses;
    } @numbers;
    $erp->sql("INSERT INTO items VALUES $items;\nINSERT INTO stock VALUES $stock;");
    return;
}
for (my $first = 0; $first < @items; $first += 2000) {
    my $last = $first + 1999;
    fill_erp($first .. ($last < @items ? $last : $#items));
}

sub ask_import {
    my (@options) = @_;
    my ($out, $status) = $stack->ctl(['erp', 'import', @options]);
    is $status, 0, "an import is asked for (@options)" or BAIL_OUT($out);
    return job_id_in($out);
}

sub await_import {
    my ($id) = @_;
    wait_until { !$mongo->find_one('jobs', { job_id => $id })->{pending} } 300, 'the import to end';
    is $mongo->find_one('jobs', { job_id => $id })->{status}, 'succeeded', 'it succeeds' or BAIL_OUT('no import');
    return plain($mongo->find_one('erp_runs', { run_id => $id }));
}

my $run = await_import(ask_import('--full'));
is $run->{refused}, 0, 'nothing is refused' or diag explain $run->{errors};
is $mongo->count('erp_items', { item_code => { '$regex' => '^PG-' } }), scalar @items, scalar(@items) . ' items are there';

# ---- blind counts of both warehouses
my %count;
for my $warehouse (@warehouses) {
    my $opened = $supervisor->post('/api/sessions', { warehouse => $warehouse, name => 'Half-year', blind => \1 });
    is $opened->status, 201, "a blind count of $warehouse" or BAIL_OUT($opened->text);
    $count{$warehouse} = $opened->data->{session_id};
}
wait_until { $mongo->find_one(sessions => { session_id => $_ })->{book_state} eq 'frozen' } 600, 'the books to be frozen' for values %count;

# From here on nothing that staff get may carry a book or a variance.
my ($answers, %leaks) = (0);
$stack->{ua}->on(start => sub {
    my (undef, $tx) = @_;
    my $bearer = $tx->req->headers->authorization // '';
    return unless grep { $bearer eq "Bearer $_->{client}{token}" } @people;
    $tx->on(finish => sub { $answers++; $leaks{ $tx->req->method . ' ' . $tx->req->url->path }++ if $tx->res->body =~ $TRACE });
});

my $ledger = StockVerify::Ledger->new;
my %rack_of;
for my $person (@people) {
    $person->{counter} = StockVerify::Counter->new(stack => $stack, client => $person->{client}, ledger => $ledger, batch => 25, lose_answers => 5);
    $person->{session} = $person->{counter}->claim($stack->rack(warehouse => $person->{warehouse}), count_id => $count{ $person->{warehouse} });
    ok $person->{session}{blind}, 'blind' or diag explain $person->{session};
}

# ---- scanning: what is scanned of an item, and the request that finds it
sub escaped { return Mojo::Util::url_escape(Mojo::Util::encode('UTF-8', $_[0]), '^A-Za-z0-9\-._~') }

sub misspelt {
    my ($name) = @_;
    my ($word) = sort { length $b <=> length $a } split ' ', $name;
    return $name =~ s/\Q$word\E/substr($word, 0, 2) . substr($word, 3)/er;
}

sub scan {
    my ($number) = @_;
    my $item = $items[$number];
    my %text = (
        upc => '0' . $item->{barcode}, gs1 => ']C101' . sprintf('%014s', $item->{barcode}) . "10AB\x{1d}3712", pack => $item->{pack}, manual => "HAND $number",
    );
    return ['/api/erp/items/search', { q => misspelt($item->{name}), limit => 5 }] if $item->{kind} eq 'name' && !$ENV{STOCKVERIFY_PRODUCTS};
    return ['/api/erp/items/barcode/' . escaped($text{ $item->{kind} } // $item->{barcode}), {}];
}

sub is_found {
    my ($number, $answer) = @_;
    my $data = $answer->data or return 0;
    my @codes = map { $_->{item_code} // $_->{item}{item_code} } grep { $_ } ref $data eq 'ARRAY' ? @$data : $data->{item} ? $data->{item} : @{ $data->{items} // $data->{matches} };
    return grep { $_ eq $items[$number]{code} } @codes;
}

sub scan_all {
    my ($what, @scans) = @_;    # [person, number]
    my @missed;
    while (my @some = splice @scans, 0, 100) {
        my @found = $stack->parallel(map { my ($path, $query) = @{ scan($_->[1]) }; [$_->[0]{client}, GET => $path, query => $query] } @some);
        push @missed, map { "$items[$some[$_][1]]{kind} $items[$some[$_][1]]{code}: " . substr $found[$_]->text, 0, 300 } grep { !is_found($some[$_][1], $found[$_]) } 0 .. $#found;
    }
    return is_deeply \@missed, [], $what;
}

# ---- counting, and the truth of it: {warehouse}{code}{lot} => millionths
my %truth;
sub count {
    my ($person, $code, $lot, %figure) = @_;
    $person->{counter}->count($person->{session}, $code, %figure);
    $truth{ $person->{warehouse} }{$code}{$lot} += ($figure{verified} + ($figure{damage} // 0)) * ($figure{more}{uom} ? 12 : 1);
    return;
}

# Damage is shown: a picture, which the phone sends when it can.
my %photo;    # id => { person, code, bytes }

sub photo_of {
    my ($person, $code) = @_;
    my $id = "damage-$person->{session}{rack_id}-$code";
    $photo{$id} = { person => $person, code => $code, bytes => "\x89PNG\r\n\x1a\n" . pack('N A4 N N C5 N', 13, 'IHDR', 640, 480, 8, 2, 0, 0, 0, 0) . $id x (50 + keys(%photo) % 900) };
    return $id;
}

sub send_photos {
    my ($what) = @_;
    my @ids = sort grep { !$photo{$_}{sent}++ } keys %photo;
    my @answers = $stack->parallel(map { [$photo{$_}{person}{client}, PUT => "/api/photos/$_", body => $photo{$_}{bytes}, headers => { 'Content-Type' => 'image/png' }] } @ids);
    return is_deeply [map { $_->text } grep { $_->status != 201 } @answers], [], $what;
}

sub count_item {
    my ($person, $number) = @_;
    my ($item, $rack) = ($items[$number], $person->{session}{rack_id});
    if ($item->{kind} eq 'serial') {
        count($person, $item->{code}, '', verified => 2_000_000, serials => [map { "$rack-$item->{code}-$_" } 1, 2]);
    } elsif ($item->{kind} eq 'lot') {
        count($person, $item->{code}, $_, verified => (3 + $number % 9) * 1_000_000, more => { lot => $_ }) for @{ $item->{lots} };
    } elsif ($item->{kind} eq 'pack') {
        count($person, $item->{code}, '', verified => 2_000_000, more => { uom => 'BOX' });
    } elsif ($number % 4 == 0) {
        count($person, $item->{code}, '', verified => (4 + $number % 30) * 1_000_000, damage => 1_000_000, lost => 2_000_000,
            more => { condition => 'damaged', damage_reason => 'crushed', photo_proofs => [photo_of($person, $item->{code})] });
    } else {
        count($person, $item->{code}, '', verified => ($number % 50) * 1_000_000 + 250_000);
    }
    return;
}

my $STEP = int(@items / ($PEOPLE * $EACH / 2));    # neighbours share items
sub shelf {
    my ($p, $half) = @_;
    return map { (($p * $EACH / 2 + $_) * $STEP) % @items } $half == 0 ? 0 .. $EACH / 2 : $EACH / 2 + 1 .. $EACH - 1;
}
sub nothing_refused { return is_deeply [map { my $person = $_; map { "$_->{client_record_id}: $_->{message}" } $person->{counter}->errors, $person->{counter}->forget_conflicts } @people], [], $_[0] }

scan_all('everything is found by what was scanned', map { my $p = $_; map { [$people[$p], $_] } shelf($p, 0) } 0 .. $#people);
for my $p (0 .. $#people) { count_item($people[$p], $_) for shelf($p, 0) }
StockVerify::Counter::sync_all(map { $_->{counter} } @people);
nothing_refused('every figure is taken');
send_photos('pictures of the damage are sent after the figures');

# Three find what nobody knows.
my $strange = check_digit('299999999999');
my $nobodys = $people[0]{client}->get("/api/erp/items/barcode/$strange")->data;    # of very many products some are like it
is_deeply [@{$nobodys}{qw(item erp)}], [undef, 'ok'], 'neither the master nor the ERP knows a code';
count($people[$_], $strange, '', verified => 7_000_000) for 0 .. 2;

# ---- the ERP hangs: what is known is found, what is not is told as that
$erp->pause;
scan_all('the ERP hangs: what was scanned is found', map { my $p = $_; map { [$people[$p], $_] } (shelf($p, 0))[0 .. 4] } 0 .. $#people);
is_deeply [@{ $people[1]{client}->get('/api/erp/items/barcode/' . check_digit('288888888888'))->data }{qw(item erp)}], [undef, 'timeout'], 'of another nobody can say';
StockVerify::Counter::sync_all(map { $_->{counter} } @people[0 .. 2]);
nothing_refused('the unknown is counted meanwhile');
$erp->cont;

# ---- it changes, and is dead when that is to be imported
my ($gone) = grep { $items[$_]{kind} eq 'ean' } shelf(3, 1);
my ($changed) = grep { $items[$_]{kind} eq 'ean' && $_ != $gone } shelf(3, 1);
$erp->sql(<<"SQL");
INSERT INTO items VALUES ('PG-NEW', 'Found on the floor', '$strange', NULL, 'PCS', NULL, 3, false, false);
INSERT INTO stock VALUES ('PG-NEW', @{[quoted($warehouses[0])]}, '', 40$MARK);
UPDATE stock SET qty = qty + 1000, changed_at = now() WHERE item_code = '$items[$changed]{code}';
SQL
$erp->crash;
my $incremental = ask_import();
wait_until { plain($mongo->find_one('jobs', { job_id => $incremental })->{failed_attempts}) > 0 } 60, 'the import to meet a dead ERP';
scan_all('the ERP is dead: what is known is found', map { my $p = $_; map { [$people[$p], $_] } (shelf($p, 1))[0 .. 4] } 0 .. $#people);
$erp->start;
$run = await_import($incremental);
cmp_ok $run->{rows}, '<', 20, 'only what changed is read';
$erp->sql("DELETE FROM stock WHERE item_code = '$items[$gone]{code}'; DELETE FROM items WHERE item_code = '$items[$gone]{code}'");
is await_import(ask_import('--full'))->{delisted}, 1, 'one is gone from the master';
my $linked = { item_code => 'PG-NEW', counted_as => $strange };
wait_until { $mongo->count('verification_records', $linked) == 3 } 60, 'what was unknown to be an item';
$truth{$_}{'PG-NEW'} = delete $truth{$_}{$strange} for grep { $truth{$_}{$strange} } @warehouses;

# ---- the rest is counted off line and sent at once
for my $p (0 .. $#people) { count_item($people[$p], $_) for shelf($p, 1) }
send_photos('pictures are sent before the figures');
StockVerify::Counter::sync_all(map { $_->{counter} } @people);
nothing_refused('every figure is taken, of the delisted item too');
cmp_ok scalar(map { $_->{counter}->lost } @people), '>', 0, 'answers got lost';
is $_->{counter}->complete($_->{session})->status, 200, 'a rack is done' for @people;

# ---- the pictures
my @shown = $stack->parallel(map { [$supervisor, GET => "/api/photos/$_"] } sort keys %photo);
is_deeply [grep { $shown[$_]->body ne $photo{ (sort keys %photo)[$_] }{bytes} } 0 .. $#shown], [], keys(%photo) . ' pictures are as they were taken';
is_deeply [grep { my $id = $_; !$mongo->find_one(verification_records => { photo_proofs => $id, item_code => $photo{$id}{code}, user_id => $photo{$id}{person}{client}->user_id }) } sort keys %photo],
    [], 'and the figures name them';

# ---- the variances
# Of a count of more lines than a question may have, those of which somebody counted something.
my $NARROW = @items > 50_000;

sub variances_of {
    my (%question) = @_;
    my ($cursor, @lines);
    do {
        my $page = $supervisor->get('/api/erp/items/variances', query => { %question, min_qty => 0, limit => 500, $cursor ? (cursor => $cursor) : () });
        BAIL_OUT($page->text) if $page->status != 200;
        push @lines, @{ $page->data->{items} };
        $cursor = $page->data->{next_cursor};
    } while $cursor;
    return @lines;
}

sub variances {
    my ($warehouse) = @_;
    return variances_of(count_id => $count{$warehouse}) if !$NARROW;
    my %lines;
    for my $person (grep { $_->{warehouse} eq $warehouse } @people) {
        $lines{"$_->{item_code}|" . ($_->{lot} // '')} = $_ for variances_of(count_id => $count{$warehouse}, user => $person->{client}->user_id);
    }
    return values %lines;
}

my %number = map { ($items[$_]{code} => $_) } 0 .. $#items;
sub wanted {
    my ($warehouse) = @_;
    my %wanted;
    for my $code (keys %{ $truth{$warehouse} }) {
        for my $lot (keys %{ $truth{$warehouse}{$code} }) {
            my $counted = $truth{$warehouse}{$code}{$lot};
            # What comes to the master while it is counted is compared with what the books said then.
            my $book = millionths(defined $number{$code} ? book($number{$code}, $warehouse, $lot) : "40$MARK");
            $wanted{"$code|$lot"} = [$counted, $counted - $book];
        }
    }
    return \%wanted;
}

for my $warehouse (@warehouses) {
    my $wanted = wanted($warehouse);
    my $lines = sub { return map { ("$_->{item_code}|" . ($_->{lot} // '') => [millionths($_->{verified_qty} + $_->{damage_qty}), millionths($_->{variance})]) } grep { $_->{state} ne 'not_counted' } variances($warehouse) };
    wait_until { !grep { $_->{state} eq 'incomplete' } variances($warehouse) } 60, "the racks of $warehouse to be done";
    wait_until { my %got = $lines->(); keys %got == keys %$wanted && !grep { !$got{$_} || $got{$_}[0] != $wanted->{$_}[0] } keys %$wanted } 60, "the totals of $warehouse";
    is_deeply { $lines->() }, $wanted, "$warehouse: " . keys(%$wanted) . ' lines are what was counted against what the books said';
    my @blank = grep { $_->{state} eq 'not_counted' } variances($warehouse);
    is_deeply [grep { defined $_->{variance} || defined $_->{verified_qty} } @blank], [], 'what nobody counted has no variance';
}
cmp_ok $answers, '>', $PEOPLE * $EACH / 2, "$answers answers to counters";
is_deeply \%leaks, {}, 'none carried a book quantity or a variance';

done_testing;
