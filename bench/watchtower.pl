# The watchtower in Chromium, its processor slowed to a quarter, while 500 racks change hands: the time between painted
# frames, and from the answer to a claim to its paint.

use strict;
use warnings;
use IPC::Open2;
use JSON::PP ();
use StockVerify::Bench;

my $RACKS = 500;
my $EVENTS = 50;    # a second
my $SLOWED = 4;

sub watchtower_measure {
    my ($bench) = @_;
    $bench->add_racks($RACKS);
    my @tokens = $bench->add_users(4);
    my ($boss) = grep { $_->{role} eq 'supervisor' } @{ $bench->{stack}{users} };
    chomp(my $node = StockVerify::Bench::run("$bench->{root}/scripts/deps", '--node'));
    my $pid = open2(my $out, my $in, "$node/node", "$bench->{root}/bench/watchtower.mjs");
    print {$in} JSON::PP::encode_json({ url => $bench->{url}, racks => $RACKS, rate => $EVENTS, slowed => $SLOWED, seconds => $bench->{seconds},
        boss => { username => $boss->{username}, password => $boss->{password} }, tokens => \@tokens });
    close $in;
    my $got = JSON::PP::decode_json(readline($out) // die "nothing was measured\n");
    waitpid $pid, 0;
    $bench->table('watchtower',
        [ 'racks', $RACKS ],
        [ 'events a second', sprintf('%.0f', $got->{events_a_second}), "wanted: $EVENTS" ],
        [ 'between two frames, ms, median', sprintf('%.1f', $got->{p50}) ],
        [ 'between two frames, ms, p95', sprintf('%.1f', $got->{p95}), 'wanted: 33 or less' ],
        [ 'between two frames, ms, longest', sprintf('%.1f', $got->{longest}) ],
        [ 'from a claim to its paint, ms, median', sprintf('%.0f', $got->{seen}), 'wanted: 500 or less' ]);
    return;
}

return \&watchtower_measure;
