# 5,000 open streams of events: what one takes of nginx' memory, and how long an event takes to reach all of them.

use strict;
use warnings;
use IPC::Open2;
use JSON::PP ();
use List::Util 'sum';
use StockVerify::Bench;

my ($STREAMS, $USERS, $EVENTS) = (5000, 50, 20);

sub events_measure {
    my ($bench) = @_;
    my @tokens = $bench->add_users($USERS);
    my %redis = $bench->redis_address;
    local $ENV{BENCH_REDIS_PASSWORD} = $redis{'-a'} if defined $redis{'-a'};
    my @before = $bench->nginx_mb;
    my $pid = open2(my $out, my $in, "$bench->{build}/bench/bench_events", $bench->{host}, "$redis{'-h'}:$redis{'-p'}", $STREAMS, $EVENTS);
    print {$in} map { "$_\n" } @tokens, '';
    $in->flush;
    my ($opened) = (readline($out) // '') =~ /^open (\d+)/ or die "the streams did not open\n";
    my @open = $bench->nginx_mb;
    print {$in} "go\n";
    $in->flush;
    my $got = JSON::PP::decode_json(readline($out) // die "nothing was measured\n");
    my @after = $bench->nginx_mb;
    waitpid $pid, 0;
    $bench->table('events',
        [ 'streams', $got->{streams} ],
        [ 'opened in, ms', $opened ],
        [ 'nginx memory per open stream, KiB', sprintf('%.1f', (sum(@open) - sum(@before)) * 1024 / $STREAMS), 'wanted: 32 or less' ],
        [ 'the same after the events, KiB', sprintf('%.1f', (sum(@after) - sum(@before)) * 1024 / $STREAMS) ],
        [ 'an event to all streams, ms, median', $got->{median_ms}, 'wanted: below 1000' ],
        [ 'an event to all streams, ms, slowest of ' . $EVENTS, $got->{max_ms}, 'wanted: below 1000' ]);
    return;
}

return { prepare => sub { $_[0]{settings} = ['EVENTS_USER_STREAMS=1000'] }, measure => \&events_measure };
