#!/usr/bin/perl
# Clients that leave while their claim is under way, at every moment of it: the rack is free again, or the claim was made.
# Never is it locked for nobody.
use lib 't/lib';
use Time::HiRes 'sleep';
use StockVerify::Raw;
use StockVerify::Test;

my $stack = start_stack(settings => { RACK_LOCK_TTL => 3600 });
my $asha = $stack->login('staff');
my @racks = map { $stack->rack } 1 .. 20;
my $redis = $stack->redis;

sub is_idle {
    my $figures = $asha->get('/metrics/json')->json;
    return !grep { $_ } map { @{ $figures->{$_} }{qw(db hash)} } qw(thread_tasks_queued thread_tasks_running);
}

# The lease of a claim has no session until the claim's transaction is through.
sub is_locked_for_nobody {
    my ($rack) = @_;
    return ($redis->command(HGET => "rack:lock:$rack", 'session') // 'none') eq '';
}

my ($claimed, $free) = (0, 0);
for my $round (1 .. 12) {
    for my $number (0 .. $#racks) {
        my $raw = StockVerify::Raw->new($stack);
        $raw->send($raw->request($asha, POST => "/api/racks/$racks[$number]/claim", '{}'));
        sleep $number * 0.0002;
        $number % 2 ? $raw->abort : $raw->close;
    }
    wait_until { is_idle() && !grep { is_locked_for_nobody($_) } @racks } 20, 'every claim to be settled or given back';
    for my $rack (@racks) {
        if (defined $redis->command(HGET => "rack:lock:$rack", 'session')) {
            $claimed++;
            is $asha->post("/api/racks/$rack/release", {})->status, 200, "$rack: what was claimed can be released";
        } else {
            $free++;
        }
    }
}
ok $free, "$free claims were given back or never begun, $claimed were made";

done_testing;
