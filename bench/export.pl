# Files from stored blocks beside bare snprintf and bare libxlsxwriter over the same rows (build/bench/bench_export).

use strict;
use warnings;
use Cwd ();
use StockVerify::Bench;

sub {
    my ($bench) = @_;
    local $ENV{MONGODB_URI} = $bench->{stack}{mongodb};
    my $here = Cwd::getcwd();
    chdir $bench->{dir} or die "$bench->{dir}: $!\n";
    print StockVerify::Bench::run("$bench->{root}/build/bench/bench_export");
    chdir $here;
    return;
};
