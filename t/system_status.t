#!/usr/bin/perl
# GET /api/admin/system-status: each dependency, and that it answers when one of them is away.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack(settings => { MONGODB_TIMEOUT => 1500, REDIS_TIMEOUT => 1000, CIRCUIT_BREAKER_FAILURE_THRESHOLD => 3, CIRCUIT_BREAKER_TIMEOUT => 2 });
my $admin = $stack->login('admin');
my $asha = $stack->login('staff');

sub status { return $admin->get('/api/admin/system-status') }

sub of { my ($answer, $name) = @_; my ($found) = grep { $_->{name} eq $name } @{ $answer->data->{dependencies} }; return $found }

# Each nginx process looks for itself.
sub becomes {
    my ($what, $seen) = @_;
    my $answer;
    wait_until { !grep { !$_ } map { $answer = status(); $answer->status == 200 && $seen->($answer) } 1 .. 6 } 20, $what;
    ok $answer->status == 200 && $seen->($answer), $what or diag $answer->text;
    return $answer;
}

subtest 'all is well' => sub {
    is $stack->login('supervisor')->get('/api/admin/system-status')->status, 403, 'for administrators alone';
    my $well = becomes('healthy', sub { $_[0]->data->{status} eq 'healthy' && of($_[0], 'workers')->{state} eq 'up' });
    is_deeply [map { $_->{name} } @{ $well->data->{dependencies} }], [qw(mongodb redis workers erp mail)], 'each of them';
    for my $name (qw(mongodb redis)) {
        my $server = of($well, $name);
        is $server->{state}, 'up', "$name is up";
        cmp_ok $server->{latency_ms}, '>', 0, "$name: its latency";
        like $server->{version}, qr/^\d+\.\d+/, "$name: its version";
    }
    is of($well, 'mongodb')->{breaker}, 'closed', 'the breaker';
    is of($well, 'workers')->{version}, $well->data->{version}, 'the version of the workers';
    wait_until { status()->data->{queues} } 30, 'workers to count what waits';
    is_deeply [map { $_->{name} } @{ status()->data->{queues} }], [qw(high mail short default low)], 'the queues';
    my @told = map { of($_, 'workers')->{state} } $stack->parallel(map { [$admin, GET => '/api/admin/system-status'] } 1 .. 48);
    is scalar(grep { $_ eq 'up' } @told), 48, 'also when many ask at once' or diag "@told";
};

subtest 'a worker that failed' => sub {
    $stack->mongo->run(insert => 'error_logs', documents => [{ source => 'worker', code => 'erp_refused', message => 'The ERP was closed', route => 'erp.import',
        at => { '$date' => '2026-01-05T08:00:00Z' } }]);
    is of(status(), $_)->{last_error}{message}, 'The ERP was closed', "is told of $_" for qw(workers erp);
};

SKIP: {
    skip 'Redis is not ours', 3 unless $stack->owns('redis');
    $stack->expect_log(qr/Redis/);
    $stack->pause_part('redis');
    my $away = becomes('Redis hangs', sub { of($_[0], 'redis')->{state} eq 'down' });
    is_deeply [of($away, 'redis')->{latency_ms}, of($away, 'mongodb')->{state}], [undef, 'up'], 'MongoDB does not';
    $stack->cont_part('redis');
    my $back = becomes('it goes on', sub { of($_[0], 'redis')->{state} eq 'up' && of($_[0], 'erp')->{state} ne 'unknown' });
    ok of($back, 'redis')->{last_error}{at}, 'what was wrong with it is still told, and when' or diag $back->text;
}

SKIP: {
    skip 'the MongoDB server is not ours', 4 unless $stack->owns('mongodb');
    $stack->expect_log(qr/circuit before MongoDB/);
    $stack->pause_part('mongodb');
    $asha->get('/api/sync/conflicts') for 1 .. 6;
    my $away = becomes('MongoDB is away', sub { of($_[0], 'mongodb')->{state} eq 'down' && of($_[0], 'mongodb')->{breaker} ne 'closed' });
    is $away->data->{status}, 'unhealthy', 'which makes the whole unhealthy';
    is of($away, 'workers')->{state}, 'unknown', 'and hides the workers';
    ok of($away, 'mongodb')->{last_error}{message}, 'why' or diag $away->text;
    $stack->cont_part('mongodb');
    becomes('it is back', sub { of($_[0], 'mongodb')->{state} eq 'up' });
}

done_testing;
