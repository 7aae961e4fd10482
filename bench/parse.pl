# Parsing and checking one batch body against bare jansson on the same body (build/bench/bench_parse).

use strict;
use warnings;
use StockVerify::Bench;

sub {
    my ($bench) = @_;
    print StockVerify::Bench::run("$bench->{build}/bench/bench_parse");
    return;
};
