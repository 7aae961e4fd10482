# Snapshots and previews beside a bare libmongoc cursor and aggregate over the same documents (build/bench/bench_snapshot).

use strict;
use warnings;
use StockVerify::Bench;

sub {
    my ($bench) = @_;
    local $ENV{MONGODB_URI} = $bench->{stack}{mongodb};
    local $ENV{SERVER_PID} = $bench->{stack}{pids}{mongodb} // '';
    print StockVerify::Bench::run("$bench->{root}/build/bench/bench_snapshot", $_, $_ > 100_000 ? 1 : 5) for 100_000, 1_000_000;
    return;
};
