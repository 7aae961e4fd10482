# The approval of a count of 20,000 lines, from its job's start to its end, beside bare libmongoc writing the same documents
# (build/bench/bench_approve).

use strict;
use warnings;
use Mojo::Date;
use StockVerify::Bench;
use StockVerify::BenchCount;

my $LINES = 20_000;

sub {
    my ($bench) = @_;
    my $count = StockVerify::BenchCount->new($bench, $LINES);
    $count->accept_all;
    my $job = $count->approve;
    my ($begun, $ended) = map { Mojo::Date->new($job->{$_})->epoch } qw(started_at finished_at);
    my $seconds = $ended - $begun;
    local @ENV{qw(MONGODB_URI MONGODB_DATABASE)} = @{ $bench->{stack} }{qw(mongodb database)};
    my $bare = JSON::PP::decode_json(StockVerify::Bench::run("$bench->{build}/bench/bench_approve", $count->id));
    my $head = $count->call(GET => '/api/adjustments/' . $count->id . '?limit=1');
    $bench->table("approval of a count of $LINES lines",
        [ 'approval, s', sprintf('%.2f', $seconds) ],
        [ 'bare driver, the same documents, s', sprintf('%.2f', $bare->{seconds}) ],
        [ 'approval / bare driver', sprintf('%.2f', $seconds / $bare->{seconds}), 'wanted: 2.00 or less' ],
        [ 'lines of the adjustment', $head->{line_count} ],
        [ 'lines written by the bare driver', $bare->{lines}, "must be $head->{line_count}" ],
        [ 'heads written by the bare driver', $bare->{heads}, 'must be 1' ]);
    return;
};
