#pragma once
namespace mill {}
