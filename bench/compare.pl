# Comparisons of two snapshots of 100,000 rows beside reading both (build/bench/bench_compare).

use strict;
use warnings;
use Cwd ();
use StockVerify::Bench;

sub {
    my ($bench) = @_;
    local $ENV{MONGODB_URI} = $bench->{stack}{mongodb};
    my $here = Cwd::getcwd();
    chdir $bench->{dir} or die "$bench->{dir}: $!\n";
    print StockVerify::Bench::run("$bench->{root}/build/bench/bench_compare");
    chdir $here;
    return;
};
