# The console in Chromium, on a slow phone's processor and network: what CONSOLE's pages take to come, to answer and to move,
# and how soon the camera reads a symbol.

use strict;
use warnings;
use IPC::Open2;
use JSON::PP ();
use StockVerify::Bench;

my ($ROUNDS, $ROWS) = (5, 10_000);

# The figures in the order in which they are told: what they are called by bench/console.mjs, by people, and the bar.
my @FIGURES = (
    [ 'cold.lcp',     'cold login, largest contentful paint, ms', 2000 ],
    [ 'warm.lcp',     'warm home, largest contentful paint, ms', 1000 ],
    [ 'cold.tasks',   'cold login, long tasks in the 5 s from the first paint, ms', 150 ],
    [ 'warm.tasks',   'warm home, long tasks in the 5 s from the first paint, ms', 150 ],
    [ 'cold.shift',   'cold login, layout shift', 0.02 ],
    [ 'warm.shift',   'warm home, layout shift', 0.02 ],
    [ 'inputs',       'p98 of 200 inputs of a counter, ms', 200 ],
    [ 'wedge',        "from a scanner's Enter to the painted row, ms", 100 ],
    [ 'rows',         "$ROWS rows, between two frames, p95, ms", 33 ],
    [ 'camera.ean13', 'camera, from the first frame to EAN-13, ms', 1500 ],
    [ 'camera.code128', 'camera, from the first frame to Code 128, ms', 1500 ],
    [ 'camera.qrcode', 'camera, from the first frame to QR, ms', 1500 ],
    [ 'camera.gs1datamatrix', 'camera, from the first frame to GS1 DataMatrix, ms', 1500 ],
);

sub wait_for {
    my ($what, $is_there) = @_;
    for (1 .. 1200) {
        return if $is_there->();
        select undef, undef, undef, 0.1;
    }
    die "console: waited in vain for $what\n";
}

# A count of everything, with its book frozen.
sub open_count {
    my ($bench) = @_;
    $bench->add_racks(1);
    $bench->add_items($ROWS);
    my ($boss) = $bench->add_users(1, 'supervisor');
    my $count = $bench->call(POST => '/api/sessions', $boss, { warehouse => 'BENCH', name => 'Rows' })->{session_id};
    wait_for('the book', sub { $bench->call(GET => "/api/sessions/$count", $boss)->{book_state} eq 'frozen' });
    return $count;
}

sub {
    my ($bench) = @_;
    my %people = map { $_->{role} => { username => $_->{username}, password => $_->{password} } } reverse @{ $bench->{stack}{users} };
    chomp(my $node = StockVerify::Bench::run("$bench->{root}/scripts/deps", '--node'));
    my $pid = open2(my $out, my $in, "$node/node", "$bench->{root}/bench/console/measure.mjs");
    print {$in} JSON::PP::encode_json({ url => $bench->{url}, rounds => $ROUNDS, rows => $ROWS, count => open_count($bench), people => \%people, folder => $bench->file('films') });
    close $in;
    my $got = JSON::PP::decode_json(readline($out) // die "nothing was measured\n");
    waitpid $pid, 0;
    $bench->table("the console at a quarter of the processor, 1.6 Mbit/s, 150 ms; medians of $ROUNDS",
        map { my ($key, $name, $bar) = @$_; [ $name, sprintf($bar < 1 ? '%.3f' : '%.0f', StockVerify::Bench::median(@{ $got->{$key} })), "wanted: $bar or less (" . join(', ', map { sprintf $bar < 1 ? '%.3f' : '%.0f', $_ } @{ $got->{$key} }) . ')' ] } @FIGURES);
    return;
};
