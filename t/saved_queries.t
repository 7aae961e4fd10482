#!/usr/bin/env perl
# Queries under a name: kept, shared, taken by previews, snapshots and schedules.

use FindBin;
use lib "$FindBin::Bin/lib";
use StockVerify::Test;

my $stack = start_stack();
my ($boss, $other) = ($stack->login('supervisor'), $stack->login('supervisor'));
my %damage = (collection => 'rack_registry', fields => ['warehouse'], limit => 2);

my $made = $boss->post('/api/reports/queries', { name => 'Racks', description => 'Some of them', query => \%damage });
is $made->status, 201, 'saved' or diag $made->text;
my $path = $made->header('Location');
is $path, '/api/reports/queries/' . $made->data->{query_id}, 'it has an address';
is $made->data->{created_by}{user_id}, $boss->user_id, 'and who made it';

subtest 'supervisors share them' => sub {
    is_deeply $other->get($path)->data, $made->data, 'another reads it';
    my $list = $other->get('/api/reports/queries')->data;
    is_deeply [map { $_->{name} } @{ $list->{items} }], ['Racks'], 'and has it in the list';
    is $stack->login('staff')->get('/api/reports/queries')->status, 403, 'staff do not';
    is $other->post('/api/reports/queries', { name => 'Racks', query => \%damage })->code, 'already_exists', 'a name is there once';
    $boss->post('/api/reports/queries', { name => $_, query => \%damage }) for qw(Aisles Zones);
    is $other->put("/api/reports/queries/" . $made->data->{query_id}, { name => 'Aisles', query => \%damage })->code, 'already_exists', 'renamed too';
    my $first = $boss->get('/api/reports/queries?limit=2')->data;
    my $rest = $boss->get('/api/reports/queries?limit=2&cursor=' . $first->{next_cursor})->data;
    is_deeply [map { $_->{name} } @{ $first->{items} }, @{ $rest->{items} }], [qw(Aisles Racks Zones)], 'by name, in pages';
};

subtest 'what takes one' => sub {
    my $id = $made->data->{query_id};
    my $shown = $boss->post('/api/reports/query/preview', { query_id => $id })->data;
    is scalar @{ $shown->{items} }, 2, 'a preview shows its rows' or diag explain $shown;
    is scalar @{ $boss->post('/api/reports/query/preview', { query_id => $id, limit => 1 })->data->{items} }, 1, 'or fewer';
    my $taken = $boss->post('/api/reports/snapshots', { name => 'Of it', query_id => $id }, headers => { Prefer => 'wait=30' });
    is $taken->status, 201, 'a snapshot' or diag $taken->text;
    is $taken->data->{rows}, 2, 'has them';
    is $taken->data->{query}{collection}, 'rack_registry', 'and the query of its own';
    my $unknown = $boss->post('/api/reports/snapshots', { name => 'Of none', query_id => 'none' });
    is $unknown->status, 422, 'an id that is none is refused';
    is_deeply [$unknown->fields], ['query_id'], 'and named';
    my $both = $boss->post('/api/reports/snapshots', { name => 'Of two', query_id => $id, query => \%damage });
    is_deeply [$both->fields], ['query'], 'one or the other';
    is_deeply [$boss->post('/api/reports/query/preview', { query_id => $id, %damage })->fields], ['collection'], 'in a preview too';
};

subtest 'a schedule asks what it says then' => sub {
    my $schedule = $boss->post('/api/reports/schedules', { name => 'Daily racks', cron => '@daily', type => 'snapshot', query_id => $made->data->{query_id} });
    is $schedule->status, 201, 'made' or diag $schedule->text;
    is $schedule->data->{query_id}, $made->data->{query_id}, 'by its id';
    my $run = '/api/reports/schedules/' . $schedule->data->{schedule_id} . '/run';
    my $snapshot_of = sub {
        my $answer = $boss->post($run, undef, headers => { Prefer => 'wait=30' });
        is $answer->status, 201, 'it ran' or diag $answer->text;
        return $boss->get($answer->data->{resource}{url})->data;
    };
    is $snapshot_of->()->{rows}, 2, 'two rows';
    is $other->put($path, { name => 'Racks', query => { %damage, limit => 1 } })->data->{updated_by}{user_id}, $other->user_id, 'somebody changes it';
    is $snapshot_of->()->{rows}, 1, 'and the next run has one';
    my $refused = $boss->del($path);
    is $refused->code, 'conflict_state', 'it cannot go meanwhile';
    like $refused->message, qr/Daily racks/, 'and who asks it is named';
    is $boss->put('/api/reports/schedules/' . $schedule->data->{schedule_id}, { name => 'Items', cron => '@daily', type => 'snapshot', query => \%damage })->status, 200, 'the schedule asks another';
    is $boss->del($path)->status, 200, 'then it goes';
    is $boss->get($path)->status, 404, 'and is gone';
};

subtest 'changes are in the audit trail' => sub {
    my @entries = $stack->mongo->find(activity_logs => { 'details.query_id' => $made->data->{query_id} });
    is_deeply [map { $_->{action} } @entries], [qw(query.create query.change query.delete)], 'each';
};

done_testing;
