# Claim and release of distinct racks over HTTP, against the bare driver doing the same transactions, in turn.

use strict;
use warnings;
use StockVerify::Bench;

# A multiple of the connections: else the last racks are released on another connection than claimed them.
my ($CONNECTIONS, $PAIRS) = (8, 1504);

# Racks of their own for each run: nobody has claimed them before.
sub bare {
    my ($bench, $run) = @_;
    local $ENV{MONGODB_URI} = $bench->{stack}{mongodb};
    local $ENV{MONGODB_DATABASE} = $bench->{stack}{database};
    my $csv = "rack_id,warehouse,floor,zone,estimated_items\n";
    $csv .= sprintf "X%05d,BARE%d,F1,Z,10\n", $_, $run for 0 .. $PAIRS - 1;
    $bench->ctl('racks', 'import', $bench->write_file('bare-racks.csv', $csv)) if $run == 1;
    return JSON::PP::decode_json(StockVerify::Bench::run("$bench->{build}/bench/bench_claim", $PAIRS, $CONNECTIONS));
}

# Line n goes to connection n mod 8, so a rack's release follows its claim on the same connection.
sub ours {
    my ($bench, $tokens, @racks) = @_;
    my @lines;
    while (my @group = splice @racks, 0, $CONNECTIONS) {
        for my $what (qw(claim release)) {
            push @lines, map { "POST /api/racks/$group[$_]/$what $tokens->[$_] {}\n" } 0 .. $#group;
        }
    }
    my $file = $bench->write_file('claims', join '', @lines);
    my $got = $bench->metered(sub {
        $bench->open_loop($bench->{host}, $file, connections => $CONNECTIONS, requests => scalar @lines)
    });
    $got->{per_s} = @lines / 2 / $got->{seconds};
    $got->{refused} = $got->{answered} - ($got->{statuses}{200} // 0);
    return $got;
}

sub {
    my ($bench) = @_;
    my @tokens = $bench->add_users($CONNECTIONS);
    my @racks = $bench->add_racks(3 * $PAIRS);
    my (@ours, @bare);
    for my $run (1 .. 3) {
        push @ours, ours($bench, \@tokens, splice @racks, 0, $PAIRS);
        push @bare, bare($bench, $run);
    }
    my @ratios = map { $ours[$_]{per_s} / $bare[$_]{per_s} } 0 .. $#ours;
    my $refused = 0;
    $refused += $_->{refused} for @ours;
    $bench->table('claim and release',
        [ "pairs a second over HTTP, $CONNECTIONS connections", sprintf('%.1f', StockVerify::Bench::median(map { $_->{per_s} } @ours)) ],
        [ "pairs a second by the bare driver, $CONNECTIONS threads", sprintf('%.1f', StockVerify::Bench::median(map { $_->{per_s} } @bare)) ],
        [ 'HTTP / bare driver', sprintf('%.2f', StockVerify::Bench::median(@ratios)), 'wanted: 0.70 or more' ],
        [ 'CPU in nginx, us a pair', int StockVerify::Bench::median(map { $_->{cpu}{nginx} / $PAIRS * 1e6 } @ours) ],
        [ 'refused', $refused, (grep { defined } map { $_->{first_refusal} } @ours)[0] ]);
    return;
};
