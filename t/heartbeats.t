#!/usr/bin/perl
# Heartbeats that come at once go to Redis together: each is answered for itself, and who leaves takes nobody along.
use lib 't/lib';
use StockVerify::Raw;
use StockVerify::Test;

my $stack = start_stack(settings => { REDIS_TIMEOUT => 5000 });
my @people = map { $stack->login('staff') } 1 .. 4;
my @beats;
for my $n (0 .. 39) {
    my $holder = $people[ $n % @people ];
    my $claim = $holder->post('/api/racks/' . $stack->rack . '/claim', {})->data;
    my %kind = (
        fine  => [ $holder, $claim->{session_id}, 200, '"rack_lock_renewed":true' ],
        other => [ $people[ ($n + 1) % @people ], $claim->{session_id}, 403, '"forbidden"' ],
        none  => [ $holder, "nothing-$n", 404, '"not_found"' ],
        gone  => [ $holder, $claim->{session_id}, 0, '' ],
    );
    push @beats, [ $claim->{rack_id}, @{ $kind{ (qw(fine other fine none gone))[ $n % 5 ] } } ];
}

sub beat {
    my ($who, $session) = @_;
    return StockVerify::Raw->new($stack)->send(StockVerify::Raw->request($who, POST => "/api/sessions/$session/heartbeat"));
}

sub lease_ms { return $stack->redis->command('PTTL', "rack:lock:$_[0]") }

# Held up on their way, they share turns of the event loop.
{
    $stack->redis->command('PEXPIRE', "rack:lock:$_->[0]", 20_000) for @beats;
    my @processes = $stack->workers;
    kill STOP => @processes;
    my @waiting = map { beat(@$_[1, 2]) } @beats;
    for my $n (grep { $beats[$_][3] == 0 } 0 .. $#beats) {
        $waiting[$n]->abort;
    }
    kill CONT => @processes;
    for my $n (grep { $beats[$_][3] != 0 } 0 .. $#beats) {
        my ($rack, undef, $session, $status, $says) = @{ $beats[$n] };
        my $text = $waiting[$n]->read;
        like $text, qr{\AHTTP/1\.1 $status .*\Q$says\E}s, "heartbeat $n: $status" or diag $text;
        like $text, qr{"session_id":"\Q$session\E"}, "heartbeat $n: its own answer" if $status == 200;
        is lease_ms($rack) > 20_000 ? 1 : 0, $status == 200 ? 1 : 0, "heartbeat $n: its own lease";
    }
}

# A Redis that answers late finds some of the clients gone.
SKIP: {
    skip 'Redis is not ours', 1 unless $stack->owns('redis');
    $stack->pause_part('redis');
    my @waiting = map { beat(@$_[1, 2]) } @beats;
    $waiting[ 2 * $_ ]->abort for 0 .. $#waiting / 2;
    $stack->cont_part('redis');
    for my $n (grep { $_ % 2 && $beats[$_][3] } 0 .. $#beats) {
        like $waiting[$n]->read, qr{\AHTTP/1\.1 $beats[$n][3] }, "heartbeat $n after a pause of Redis";
    }
}

$stack->reload;
is $people[0]->post("/api/sessions/$beats[0][2]/heartbeat")->status, 200, 'and after a reload';

done_testing;
