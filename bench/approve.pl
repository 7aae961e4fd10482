# The approval of a count of 20,000 lines, from its job's start to its end, beside bare libmongoc writing the same documents
# (build/bench/bench_approve) a few times.  The count is at rest by then: deriving what was just counted is none of the writing
# that is compared.

use strict;
use warnings;
use Mojo::Date;
use StockVerify::Bench;
use StockVerify::BenchCount;

my ($LINES, $RUNS) = (20_000, 3);

# Medians of what the bare driver took.
sub bare_approval {
    my ($bench, $id) = @_;
    local @ENV{qw(MONGODB_URI MONGODB_DATABASE)} = @{ $bench->{stack} }{qw(mongodb database)};
    local $ENV{SERVER_PID} = $bench->{stack}{pids}{mongodb} // 0;
    my @runs = map { JSON::PP::decode_json(StockVerify::Bench::run("$bench->{build}/bench/bench_approve", $id)) } 1 .. $RUNS;
    return { map { my $part = $_; ($part => StockVerify::Bench::median(map { $_->{$part} } @runs)) } keys %{ $runs[0] } };
}

sub us_a_line { return int($_[0] / $LINES * 1e6) }

sub {
    my ($bench) = @_;
    my $count = StockVerify::BenchCount->new($bench, $LINES);
    $count->accept_all;
    my $pids = $bench->{stack}{pids};
    my %before = map { ($_ => StockVerify::Bench::cpu($pids->{$_})) } qw(worker mongodb);
    my $job = $count->approve;
    my %cpu = map { ($_ => StockVerify::Bench::cpu($pids->{$_}) - $before{$_}) } qw(worker mongodb);
    my ($begun, $ended) = map { Mojo::Date->new($job->{$_})->epoch } qw(started_at finished_at);
    my $seconds = $ended - $begun;
    my $bare = bare_approval($bench, $count->id);
    my $head = $count->call(GET => '/api/adjustments/' . $count->id . '?limit=1');
    $bench->table("approval of a count of $LINES lines",
        [ 'approval, s', sprintf('%.2f', $seconds) ],
        [ 'bare driver, the same documents, s', sprintf('%.2f', $bare->{seconds}) ],
        [ 'approval / bare driver', sprintf('%.2f', $seconds / $bare->{seconds}), 'wanted: 2.00 or less' ],
        [ 'CPU in the MongoDB server, us a line', us_a_line($cpu{mongodb}), 'beside ' . us_a_line($cpu{worker}) . ' us in the worker' ],
        [ 'the same by the bare driver', us_a_line($bare->{server}), 'beside ' . us_a_line($bare->{driver}) . ' us in the driver' ],
        [ 'CPU, approval / bare driver', sprintf('%.2f', ($cpu{mongodb} + $cpu{worker}) / ($bare->{server} + $bare->{driver})), 'what others load does not sway' ],
        [ 'lines of the adjustment', $head->{line_count} ],
        [ 'lines written by the bare driver', $bare->{lines}, "must be $head->{line_count}" ],
        [ 'heads written by the bare driver', $bare->{heads}, 'must be 1' ]);
    return;
};
