#!/usr/bin/perl
# Paths, methods and query parameters: what is routed, and how the rest is refused.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack();
my $nobody = $stack->client;
my $asha = $stack->login('staff');

sub refused {
    my ($answer, $status, $code, $what) = @_;
    is $answer->status, $status, "$what: $status" or diag $answer->text;
    is $answer->code, $code, "$what: $code";
    is $answer->json->{success}, 0, "$what: in the envelope" if $answer->is_object;
    return $answer;
}

refused($nobody->get('/api/nothing'), 404, 'not_found', 'an unknown path');
refused($nobody->get('/api/health/'), 404, 'not_found', 'a trailing slash');
refused($nobody->get('/api'), 404, 'not_found', 'the base alone');
refused($nobody->get('/api//health'), 404, 'not_found', 'an empty segment');
refused($nobody->get('/api/' . join '/', 1 .. 40), 404, 'not_found', 'a path of forty segments');

my $answer = refused($nobody->post('/api/health'), 405, 'method_not_allowed', 'a wrong method');
is_deeply [sort split /, /, $answer->header('Allow') // ''], [qw(GET HEAD OPTIONS)], 'Allow names the right ones';
refused($nobody->request(BREW => '/api/health'), 405, 'method_not_allowed', 'a method nobody knows');
is $nobody->request(HEAD => '/api/health')->status, 200, 'HEAD where GET is';
$answer = $nobody->request(OPTIONS => '/api/auth/login');
is $answer->status, 204, 'OPTIONS';
is_deeply [sort split /, /, $answer->header('Allow') // ''], [qw(OPTIONS POST)], 'OPTIONS names the methods';
refused($nobody->request(OPTIONS => '/api/nothing'), 404, 'not_found', 'OPTIONS of an unknown path');

is_deeply [refused($nobody->get('/api/health?limit=1'), 400, 'parameter_unknown', 'an unknown parameter')->fields],
    ['limit'], 'it is named';
is_deeply [refused($asha->get('/api/sync/conflicts?limit=1&limit=2'), 400, 'parameter_invalid', 'a repeated one')->fields],
    ['limit'], 'it is named';
is_deeply [refused($asha->get("/api/sync/conflicts?limit=$_"), 400, 'parameter_invalid', "limit=$_")->fields], ['limit'],
    "limit=$_ is named"
    for qw(0 501 x 1.5 99999999999999999999);
is_deeply [refused($asha->get("/api/sync/conflicts?status=$_"), 400, 'parameter_invalid', "status=$_")->fields], ['status'],
    "status=$_ is named"
    for '%ff', '%00', 'nonsense';
is $asha->get('/api/sync/conflicts?&&limit=%35&')->status, 200, 'empty pairs are nothing, escapes are decoded';

# Path values are data, whatever they hold.
for my $id ('a%2Fb', '%2525', '%F0%9F%93%A6', '%7Bid%7D', '...') {
    refused($asha->get("/api/sessions/$id"), 404, 'not_found', "session $id");
}
refused($asha->get("/api/sessions/$_"), 400, 'bad_request', "session $_") for 'a%ff', '%C0%AF', 'x%2F..%2Fy', '%2E%2E%2Fz';

# A value that equals a route's word goes into `code`.
is $asha->get('/api/sessions/active')->status, 200, 'the word is the route';
refused($asha->get('/api/sessions/-?code=active'), 404, 'not_found', 'the code is a session');
is_deeply [refused($asha->get('/api/sessions/-?code='), 400, 'parameter_invalid', 'an empty code')->fields], ['code'],
    'it is named';
is_deeply [refused($asha->get('/api/racks/user/active?code=x'), 400, 'parameter_unknown', 'a code where nothing clashes')->fields],
    ['code'], 'it is named';
refused($asha->get('/api/racks/user/status'), 404, 'not_found', 'a rack called user');

done_testing;
