#!/usr/bin/perl
# scripts/stack, as its users call it: up, status, one part at a time, several at once, down.
use lib 't/lib';
use StockVerify::Test;
use File::Temp 'tempdir';
use HTTP::Tiny;
use JSON::PP 'decode_json';
use StockVerify::Process;

my $base = tempdir(CLEANUP => 1, DIR => $ENV{STOCKVERIFY_TEST_RUNS});
my @dirs = map { "$base/stack$_" } 1, 2;

sub stack {
    my ($command, $dir, @rest) = @_;
    my $output = qx(scripts/stack $command --dir $dir @rest 2>&1);
    return ($? >> 8, $output);
}

END { local $?; stack('down', $_) for grep { -e "$_/stack.json" } @dirs, "$base/bad" }

sub read_json {
    my ($dir) = @_;
    open my $in, '<', "$dir/stack.json" or return;
    return decode_json(do { local $/; <$in> });
}

my ($status, $output) = stack('status', $dirs[0]);
is $status, 3, 'status of nothing';

for my $dir (@dirs) {
    ($status, $output) = stack('up', $dir, '--no-build', '--settings RACK_LOCK_TTL=7');
    is $status, 0, "up in $dir" or BAIL_OUT($output);
    like $output, qr{http://127\.0\.0\.1:\d+}, 'the URL is printed';
    like $output, qr/curl .*login/, 'and a first request to try';
}
my @states = map { read_json($_) } @dirs;
is +((stat "$dirs[0]/stack.json")[2] & 0777), 0600, 'stack.json is for its owner alone';
isnt $states[0]{url}, $states[1]{url}, 'two stacks have different addresses';
cmp_ok scalar(grep { $_->{role} eq 'staff' } @{ $states[0]{users} }), '>=', 20, 'twenty staff';
for my $role (qw(supervisor admin)) {
    ok scalar(grep { $_->{role} eq $role } @{ $states[0]{users} }), "a $role";
}
isnt $states[0]{users}[0]{password}, $states[1]{users}[0]{password}, 'passwords are random for each run directory';

# A newcomer's pages show something: counts that are approved, under review and going on.
my $http = HTTP::Tiny->new(timeout => 60);
sub told {
    my ($method, $path, %more) = @_;
    my $answer = $http->request($method, "$states[0]{url}$path", \%more);
    return $answer->{success} ? decode_json($answer->{content})->{data} : diag "$path: $answer->{status} $answer->{content}";
}
my ($boss) = grep { $_->{username} eq 'supervisor1' } @{ $states[0]{users} };
my $token = told(POST => '/api/auth/login', headers => { 'Content-Type' => 'application/json' }, content => JSON::PP::encode_json({ username => 'supervisor1', password => $boss->{password} }))->{access_token};
my %headers = (Authorization => "Bearer $token");
my %counts = (OPEN => 0);
$counts{ $_->{status} }++ for grep { $_->{kind} eq 'opened' } @{ told(GET => '/api/sessions', headers => \%headers)->{items} };
is_deeply \%counts, { OPEN => 1, RECONCILE => 1, APPROVED => 2 }, 'counts in each state';
cmp_ok told(GET => '/api/sessions/analytics', headers => \%headers)->{total}{hits}, '>', 10, 'analytics of them';
my @waiting = @{ told(GET => '/api/sync/conflicts?status=open', headers => \%headers)->{items} };
is scalar @waiting, 1, 'and a conflict that waits for somebody';

open my $worker_conf, '<', "$dirs[0]/worker.conf" or die;
like do { local $/; <$worker_conf> }, qr/^RACK_LOCK_TTL=7$/m, 'the worker is given a setting';
open my $nginx_conf, '<', "$dirs[0]/nginx.conf" or die;
like do { local $/; <$nginx_conf> }, qr/^\s*stockverify_rack_lock_ttl 7;$/m, 'and so is nginx';

($status, $output) = stack('up', $dirs[0], '--no-build');
is $status, 0, 'up again is no error';
like $output, qr/Already running/, 'and says so';
is_deeply read_json($dirs[0])->{pids}, $states[0]{pids}, 'and starts nothing';
($status, $output) = stack('up', $dirs[0], '--no-build', '--port 1025');
like $output, qr/--port.* after a down/, 'an option that comes too late is told';

my $part = $ENV{REDIS_HOST} ? 'worker' : 'redis';
is +(stack("kill $part", $dirs[0]))[0], 0, "kill $part";
($status, $output) = stack('status', $dirs[0]);
is $status, 1, 'status tells that something is missing';
like $output, qr/$part\s+not running/, 'and what';
is +(stack("start $part", $dirs[0]))[0], 0, "start $part";
is +(stack('status', $dirs[0]))[0], 0, 'all of it runs again';
is +(stack('stop nginx', $dirs[0]))[0], 0, 'stop nginx';
($status, $output) = stack('up', $dirs[0], '--no-build');
like $output, qr/Started what had ended/, 'up starts what is missing';
is +(stack('up', "$base/bad", '--no-build', '--settings NO_SUCH=1'))[0], 1, 'an unknown setting stops it';
($status, $output) = stack('up', "$base/bad", '--no-build', '--settings RACK_LOCK_TTL=0');
is $status, 1, 'and so does a value out of range';
like $output, qr/rack_lock_ttl/i, 'which is named';
($status, $output) = stack('up', "$base/bad", '--no-build', "--port $states[1]{port}");
is $status, 1, 'a port that somebody listens on stops it';
like $output, qr/port $states[1]{port} .*in use/, 'and is named';
is +(stack('up', "$base/bad", '--no-build', '--port 70000'))[0], 1, 'as does one that is none';
($status, $output) = stack('kill rediss', $dirs[0]);
is $status, 2, 'a part that is none is refused';
like $output, qr/no part rediss; parts are redis, mongodb, worker, nginx/, 'with the names of those that are';
($status, $output) = stack('signal nginx NONE', $dirs[0]);
is $status, 1, 'so is a signal that is none';
like $output, qr/^scripts\/stack: there is no signal NONE$/m, 'in a line';

($status, $output) = stack('logs worker', $dirs[0]);
is $status, 0, 'the log of one part';
like $output, qr/^\{"time":.*"event":/m, 'has what it wrote';
unlike $output, qr/^==>/m, 'and nothing else';
(undef, $output) = stack('logs worker', $dirs[0], '--lines 1');
is scalar(() = $output =~ /\n/g), 1, 'as many lines as asked for';
(undef, $output) = stack('logs', $dirs[0]);
like $output, qr{^==> \Q$dirs[0]\E/log/$_\.log <==$}m, "without names $_ has its own heading" for qw(worker access);
($status, $output) = stack('logs workre', $dirs[0]);
is $status, 2, 'a log that is none is refused';
like $output, qr/no log workre; there are .*\bworker\b/, 'with the names of those that are';
my $follower = open my $followed, '-|', 'scripts/stack', 'logs', 'access', '--follow', '--lines', 1, '--dir', $dirs[0] or die;
alarm 120;
readline $followed;
told(GET => '/api/sessions/analytics', headers => \%headers);
my $came;
1 until !defined($came = readline $followed) || $came =~ /GET .*analytics/;
ok $came, 'a log that is followed shows what comes';
alarm 0;
kill TERM => $follower;
close $followed;

my @pids = map { values %{ read_json($_)->{pids} } } @dirs;
for my $dir (@dirs) {
    ($status, $output) = stack('down', $dir, '--wipe');
    is $status, 0, "down in $dir" or diag $output;
    ok !-e "$dir/stack.json", 'nothing is said to run';
    ok !-e $dir, 'and the run directory is gone';
}
is_deeply [grep { StockVerify::Process::start_time($_) } @pids], [], 'every process has ended';
is +(stack('logs', $dirs[0]))[0], 1, 'nor are there logs';
is +(stack('down', $dirs[0]))[0], 0, 'down of nothing is no error';
done_testing;
