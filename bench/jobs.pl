# The job queue against the bare driver making the same writes (build/bench/bench_jobs).

use strict;
use warnings;
use StockVerify::Bench;

sub {
    my ($bench) = @_;
    my ($password, $host, $port) = $bench->{stack}{redis} =~ m{^redis://(?::([^@]*)@)?([^:/]+):(\d+)}
        or die "stack.json: redis is $bench->{stack}{redis}\n";
    local $ENV{MONGODB_URI} = $bench->{stack}{mongodb};
    local @ENV{qw(REDIS_HOST REDIS_PORT)} = ($host, $port);
    local $ENV{REDIS_PASSWORD} = $password if defined $password;
    print StockVerify::Bench::run("$bench->{build}/bench/bench_jobs");
    return;
};
