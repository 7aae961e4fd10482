#!/usr/bin/perl
# nginx told to quit while its connection to Redis is in the making, and its time for that is over.
use lib 't/lib';
use IO::Socket::INET;
use StockVerify::Raw;
use StockVerify::Test;

# A port whose queue of connections is full: whoever connects waits.
my $listener = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die "listen: $!\n";
my @fill = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $listener->sockport, Blocking => 0) } 1 .. 8;

my $stack = start_stack();
$stack->expect_log(qr/Redis/);
my $configuration = "$stack->{directory}/nginx.conf";
my $text = do { open my $in, '<', $configuration or die "$configuration: $!\n"; local $/; <$in> };
$text =~ s/worker_shutdown_timeout \d+s;/worker_shutdown_timeout 1s;/;
$text =~ s/(stockverify_redis_port) \d+;/"$1 " . $listener->sockport . ';'/e or die 'no port of Redis to change';
$text =~ s/(stockverify_redis_timeout) \d+;/$1 60000;/ or $text =~ s/(stockverify_redis_port)/stockverify_redis_timeout 60000;\n    $1/;
open my $out, '>', $configuration or die "$configuration: $!\n";
print {$out} $text;
close $out;
$stack->stop_part('nginx');
$stack->{stack}->begin_part('nginx');    # which is not healthy, so nobody waits for that
wait_until { $stack->client->get('/api/nothing')->status == 404 } 20, 'nginx to serve';

# A request that waits for Redis keeps the processes until their time is over.
my @waiting = map { StockVerify::Raw->new($stack) } 1 .. 6;
$_->send($_->request(undef, GET => '/api/health')) for @waiting;
is $stack->client->get('/api/nothing')->status, 404, 'what needs no Redis is served';
$stack->stop_part('nginx');
ok !$stack->is_running('nginx'), 'nginx ended';
is $_->read(5), '', 'who waited got no answer' for @waiting;

done_testing;
