# Fuzzy search over the products named by STOCKVERIFY_PRODUCTS (a CSV file with barcode and item_name, plain or gzipped),
# beside RapidFuzz over the same names: how often the name that was meant is among the first five, and CPU time a search.

use strict;
use warnings;
use StockVerify::Bench;

my $QUERIES = 1000;
my %OTHERS = (ratio => 200, WRatio => 20);    # searches of a kind: they take milliseconds each

sub rows { return map { [ split /\t/ ] } grep { tr/\t// >= 3 } split /\n/, $_[0] }

sub {
    my ($bench) = @_;
    my $products = $ENV{STOCKVERIFY_PRODUCTS}
        or return print "  left out: STOCKVERIFY_PRODUCTS names no file of products\n";
    my ($table, $queries) = ($bench->file('products.tsv'), $bench->file('queries.tsv'));
    chomp(my $python = StockVerify::Bench::run("$bench->{root}/scripts/deps", '--test-python'));
    my @script = ($python, "$bench->{root}/bench/search.py");
    StockVerify::Bench::run(@script, 'queries', $products, $table, $queries, $QUERIES);
    my $ours = StockVerify::Bench::run("$bench->{build}/bench/bench_search", $table, $queries);
    print map { "  $_\n" } grep { /^(?:build|size)\t/ } split /\n/, $ours;
    printf "  %-28s %9s %9s %9s %9s   %s\n", '', 'found %', 'mean us', 'p50', 'p99', 'RapidFuzz: found %, mean us, times ours';
    my %of;
    for my $scorer (sort keys %OTHERS) {
        $of{$scorer}{ $_->[0] } = $_ for rows(StockVerify::Bench::run(@script, 'rapidfuzz', $table, $queries, $OTHERS{$scorer}, $scorer));
    }
    for my $row (rows($ours)) {
        my ($kind, undef, $found, $mean, $median, $p99) = @$row;
        printf "  %-28s %9.2f %9.0f %9.0f %9.0f   %s\n", $kind, $found, $mean, $median, $p99,
            join '; ', map { my $o = $of{$_}{$kind}; sprintf '%s %.2f, %.0f, %.1fx', $_, $o->[2], $o->[3], $o->[3] / $mean } sort keys %of;
    }
    return;
};
