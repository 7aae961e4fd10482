# Items by what was scanned: from the cache beside nginx' own `return 200`, and from MongoDB beside one find of the bare
# driver (build/bench/bench_lookup), in turn.  The driver has as many threads as serve it best: one for each of our
# connections, or a quarter of them.

use strict;
use warnings;
use List::Util qw(sum);
use StockVerify::Bench;

my ($CONNECTIONS, $ITEMS, $CACHED, $RUNS) = (32, 20_000, 1_000, 3);
my @THREADS = (8, $CONNECTIONS);

sub lines {
    my ($tokens, $count) = @_;
    return join '', map { sprintf "GET /api/erp/items/barcode/BENCH-%05d %s -\n", $_, $tokens->[ $_ % @$tokens ] } 0 .. $count - 1;
}

# Where one item came from.
sub source_of {
    my ($bench, $token, $code) = @_;
    return $bench->call(GET => "/api/erp/items/barcode/$code", $token)->{source};
}

# Whoever changes the master makes all that was kept void, and so does the worker when it has read of it, which after an
# import is up to ten seconds later: until an item of its own has come from the cache for twelve.
sub forget {
    my ($bench, $run, $token) = @_;
    $bench->ctl('items', 'import', $bench->write_file('changed.csv', "item_code,item_name,warehouse\nCHANGED,Changed $run,BENCH\n"));
    my ($quiet, $looks) = (0, 0);
    while ($quiet < 120) {
        die "lookup: the master does not come to rest\n" if $looks++ > 600;
        $quiet = source_of($bench, $token, 'CHANGED') eq 'cache' ? $quiet + 1 : 0;
        select undef, undef, undef, 0.1;
    }
    return;
}

# Every item once, none of them known to the cache.
sub uncached {
    my ($bench, $file, $run, $token) = @_;
    forget($bench, $run, $token);
    my $before = source_of($bench, $token, 'BENCH-00000');
    my $got = $bench->metered(sub { $bench->open_loop($bench->{host}, $file, connections => $CONNECTIONS, requests => $ITEMS) });
    $got->{per_s} = $ITEMS / $got->{seconds};
    $got->{refused} = $got->{answered} - ($got->{statuses}{200} // 0);
    $got->{as_said} = $before eq 'db' && source_of($bench, $token, sprintf 'BENCH-%05d', $ITEMS - 1) eq 'cache';
    return $got;
}

sub bare_finds {
    my ($bench, $threads) = @_;
    local $ENV{MONGODB_URI} = $bench->{stack}{mongodb};
    local $ENV{MONGODB_DATABASE} = $bench->{stack}{database};
    my $got = $bench->metered(sub { JSON::PP::decode_json(StockVerify::Bench::run("$bench->{build}/bench/bench_lookup", $ITEMS, $threads)) });
    die "bench_lookup found $got->{found} of $ITEMS items\n" unless $got->{found} == $ITEMS;
    $got->{threads} = $threads;
    return $got;
}

sub fastest { return (sort { $b->{per_s} <=> $a->{per_s} } @_)[0] }

sub cpu_of_all { my ($got) = @_; return sum(@{ $got->{cpu} }{qw(nginx redis mongodb client)}) }

sub {
    my ($bench) = @_;
    my @tokens = $bench->add_users(16);
    $bench->add_items($ITEMS);
    my $all = $bench->write_file('lookups', lines(\@tokens, $ITEMS));
    my %some = (BENCH_REQUESTS => $bench->write_file('cached', lines(\@tokens, $CACHED)));
    my $static = $bench->start_static;
    my (@cached, @return, @uncached, @bare, $refused);
    for my $run (1 .. $RUNS) {
        push @uncached, uncached($bench, $all, $run, $tokens[0]);
        push @bare, fastest(map { bare_finds($bench, $_) } @THREADS);
        push @cached, $bench->metered(sub { $bench->wrk('replay.lua', $bench->{url}, $bench->{seconds}, %some) });
        push @return, $bench->metered(sub { $bench->wrk('replay.lua', "http://$static", $bench->{seconds}, %some) });
        $refused += $uncached[-1]{refused} + $cached[-1]{refused} + $cached[-1]{socket};
    }
    $bench->stop_static;
    my $median = sub { return StockVerify::Bench::median(@_) };
    my $as_said = grep { $_->{as_said} } @uncached;
    $bench->table('lookup of an item',
        [ 'from the cache a second, 32 connections', int $median->(map { $_->{per_s} } @cached) ],
        [ 'nginx return 200 a second', int $median->(map { $_->{per_s} } @return) ],
        [ 'cached / return 200', sprintf('%.2f', $median->(map { $cached[$_]{per_s} / $return[$_]{per_s} } 0 .. $#cached)), 'wanted: 0.45 or more' ],
        [ 'CPU in nginx: cached / return 200', sprintf('%.2f', $median->(map { $cached[$_]{cpu}{nginx} / $cached[$_]{requests} / ($return[$_]{cpu}{static} / $return[$_]{requests}) } 0 .. $#cached)) ],
        [ 'CPU in Redis, us a cached lookup', sprintf('%.1f', $median->(map { $_->{cpu}{redis} / $_->{requests} * 1e6 } @cached)) ],
        [ "from MongoDB a second, $CONNECTIONS connections", int $median->(map { $_->{per_s} } @uncached) ],
        [ 'finds by the bare driver a second, ' . join(', ', map { $_->{threads} } @bare) . ' threads', int $median->(map { $_->{per_s} } @bare) ],
        [ 'uncached / bare find', sprintf('%.2f', $median->(map { $uncached[$_]{per_s} / $bare[$_]{per_s} } 0 .. $#uncached)), 'wanted: 0.70 or more' ],
        [ 'CPU of all that serve and send: bare find / uncached', sprintf('%.2f', $median->(map { cpu_of_all($bare[$_]) / cpu_of_all($uncached[$_]) } 0 .. $#uncached)) ],
        [ 'CPU in the MongoDB server, us a bare find', int $median->(map { $_->{cpu}{mongodb} / $ITEMS * 1e6 } @bare) ],
        [ 'CPU in nginx, us an uncached lookup', int $median->(map { $_->{cpu}{nginx} / $ITEMS * 1e6 } @uncached) ],
        [ 'CPU in the MongoDB server, us an uncached lookup', int $median->(map { $_->{cpu}{mongodb} / $ITEMS * 1e6 } @uncached) ],
        [ 'CPU in Redis, us an uncached lookup', int $median->(map { $_->{cpu}{redis} / $ITEMS * 1e6 } @uncached) ],
        [ 'runs that were uncached, as they say', "$as_said of $RUNS", 'must be all' ],
        [ 'refused', $refused, 'must be 0' ]);
    return;
};
